#include "ch01_tokenizer/model_file.h"

#include <stdlib.h>

#include "ch01_tokenizer/foreign_file.h"
#include "ch01_tokenizer/format_gpt2.h"
#include "ch01_tokenizer/format_own.h"
#include "ch01_tokenizer/format_ranks.h"

const Format formats[] = {
    [FORMAT_OWN] = {"own", is_own, read_own, write_own},
    [FORMAT_RANKS] = {"tiktoken", is_ranks, read_ranks, write_ranks},
    // last: nearly any text could be merges
    [FORMAT_GPT2] = {"gpt2", is_gpt2, read_gpt2, write_gpt2},
};
_Static_assert(sizeof formats / sizeof *formats == FORMATS, "a format is missing");

static bool read_any(Reader *r, Tokenizer *t, const char *pattern) {
    const char *foreign = foreign_file(r->at, r->file_size);
    if (foreign)
        return error_set(r->err, "%s: expected a vocabulary; this %s",
                         file_label(r->path), foreign);
    if (!next_line(r))
        return error_set(r->err, "%s: empty: expected a vocabulary",
                         file_label(r->path));
    for (int f = 0; f < FORMATS; f++)
        if (formats[f].recognises(r)) return formats[f].read(r, t, pattern);
    return fail(r,
                "expected a vocabulary: ours, GPT-2's 'LEFT RIGHT' or tiktoken's "
                "'BASE64 RANK'");
}

bool model_read_bytes(Tokenizer *t, const char *label, Bytes bytes, const char *pattern,
                      const char *const *specials, int special_count, Error *err) {
    *t = (Tokenizer){0};
    Reader r = {.path = label,
                .at = bytes.data,
                .end = bytes.data + bytes.size,
                .file_size = bytes.size,
                .err = err};
    bool ok = read_any(&r, t, pattern);
    free(r.line);
    Error problem;
    // a name of an encoding may have told read_any which specials are meant
    if (ok && pattern && !tokenizer_set_pattern(t, pattern, err)) ok = false;
    for (int s = 0; ok && s < special_count; s++)
        ok = tokenizer_add_special(t, t->size, specials[s], err);
    if (ok && !tokenizer_finish(t, &problem))
        ok = error_set(err, "%s: %s", file_label(label), problem.text);
    if (!ok) tokenizer_free(t);
    return ok;
}

bool model_read(Tokenizer *t, const char *path, const char *pattern,
                const char *const *specials, int special_count, Error *err) {
    *t = (Tokenizer){0};
    Bytes bytes;
    if (!file_read(&bytes, path, err)) return false;
    bool ok = model_read_bytes(t, path, bytes, pattern, specials, special_count, err);
    bytes_free(&bytes);
    return ok;
}
