// decode: ids to the exact bytes.
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/commands/commands.h"
#include "ch01_tokenizer/commands/shared.h"

const Option decode_options[] = {MODEL_OPTIONS, {0}};

typedef struct {
    char *at;
    size_t size, capacity;
} Text;

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// Reads one id from *at on and moves *at past it.
static int read_id(const Tokenizer *t, const char **at, const char *end,
                   const char *path, int line) {
    const char *begin = *at;
    int id = 0;
    for (; *at < end && **at >= '0' && **at <= '9'; ++*at)
        if (id < TOKEN_MOST) id = 10 * id + (**at - '0');  // more digits stay too many
    if (begin == *at || (*at < end && !is_space(**at)))
        die("%s:%d: expected ids: whole numbers with white space between them",
            file_label(path), line);
    size_t size;
    int shown = *at - begin < 20 ? (int)(*at - begin) : 20;
    if (!token_bytes(t, id, &size))
        die("%s:%d: id %.*s: expected an id of the vocabulary, 0 to %d",
            file_label(path), line, shown, begin, t->size - 1);
    return id;
}

static void decode_text(Text *out, const Tokenizer *t, const char *path,
                        const Bytes *text) {
    const char *at = text->data, *end = at + text->size;
    for (int line = 1; at < end;) {
        if (is_space(*at)) {
            line += *at++ == '\n';
            continue;
        }
        size_t size;
        const char *bytes = token_bytes(t, read_id(t, &at, end, path, line), &size);
        reserve(out->at, out->capacity, out->size + size);
        memcpy(out->at + out->size, bytes, size);
        out->size += size;
    }
}

int decode(const Args *args) {
    Tokenizer t;
    model_or_die(&t, args);
    size_t files;
    const char *const *paths = files_of(args, &files);
    Text decoded = {allocate(1, 1), 0, 1};
    for (size_t f = 0; f < files; f++) {
        Bytes text = read_or_die(paths[f]);
        decode_text(&decoded, &t, paths[f], &text);
        bytes_free(&text);
    }
    Output out = standard_output();
    fwrite(decoded.at, 1, decoded.size, out.stream);
    commit_or_die(&out);
    free(decoded.at);
    tokenizer_free(&t);
    return 0;
}
