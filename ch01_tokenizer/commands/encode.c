// encode: text to ids, one line per file.
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/commands/commands.h"
#include "ch01_tokenizer/commands/shared.h"

const Option encode_options[] = {
    MODEL_OPTIONS,
    {"allow-special", OPTION_FLAG, "read special tokens in the text as such"},
    {0}};

// Ten million ids, faster than fprintf.
static void print_ids(FILE *stream, const Ids *ids) {
    enum { ROOM = 12 };
    char *text = reallocate(NULL, ids->size * ROOM + 1, 1), *to = text;
    for (size_t i = 0; i < ids->size; i++) {
        char digits[ROOM], *d = digits + ROOM;
        unsigned id = (unsigned)ids->at[i];
        do *--d = (char)('0' + id % 10);
        while (id /= 10);
        if (i) *to++ = ' ';
        memcpy(to, d, (size_t)(digits + ROOM - d));
        to += digits + ROOM - d;
    }
    *to++ = '\n';
    fwrite(text, 1, (size_t)(to - text), stream);
    free(text);
}

int encode(const Args *args) {
    Tokenizer t;
    model_or_die(&t, args);
    size_t files;
    const char *const *paths = files_of(args, &files);
    // all of them before the first is printed: nothing half-written
    Ids *ids = allocate(files, sizeof *ids);
    for (size_t f = 0; f < files; f++) {
        Bytes text = read_or_die(paths[f]);
        ids[f] = encode_or_die(&t, text, option_flag(args, "allow-special"),
                               file_label(paths[f]));
        bytes_free(&text);
    }
    Output out = standard_output();
    for (size_t f = 0; f < files; f++) {
        print_ids(out.stream, &ids[f]);
        free(ids[f].at);
    }
    commit_or_die(&out);
    free(ids);
    tokenizer_free(&t);
    return 0;
}
