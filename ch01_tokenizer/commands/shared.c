#include "ch01_tokenizer/commands/shared.h"

void model_or_die(Tokenizer *t, const Args *args) {
    enum { MOST = 64 };
    const char *path = option_text(args, "model"), *specials[MOST + 1];
    if (!path) die("--model is needed: a vocabulary file");
    int count = 0;
    while (count <= MOST
           && (specials[count] = option_nth(args, "special", (size_t)count)))
        count++;
    if (count > MOST) die("--special: at most %d", MOST);
    Error err;
    if (!model_read(t, path, option_text(args, "pattern"), specials, count, &err))
        die("%s", err.text);
    if (t->pattern_assumed)
        warn(
            "%s: no published encoding has this many ranks; its pattern is taken to be "
            "%s, which --pattern changes",
            file_label(path), t->expression);
}

const char *const *files_of(const Args *args, size_t *count) {
    static const char *const standard_input[] = {"-"};
    *count = args->file_count ? args->file_count : 1;
    return args->file_count ? args->files : standard_input;
}

void no_files(const Args *args, const char *command) {
    if (args->file_count) die("%s: unexpected '%s'", command, args->files[0]);
}

Bytes read_or_die(const char *path) {
    Bytes bytes;
    Error err;
    if (!file_read(&bytes, path, &err)) die("%s", err.text);
    return bytes;
}

Ids encode_or_die(const Tokenizer *t, Bytes text, bool allow_special,
                  const char *label) {
    Ids ids = {0};
    Error err;
    if (!tokenizer_encode(t, text.data, text.size, allow_special, &ids, &err))
        die("%s: %s", label, err.text);
    return ids;
}

Output open_or_die(const char *path) {
    Output out;
    Error err;
    if (!output_open(&out, path, &err)) die("%s", err.text);
    return out;
}

Output standard_output(void) { return (Output){.stream = stdout}; }

void commit_or_die(Output *out) {
    Error err;
    if (!output_commit(out, &err)) die("%s", err.text);
}
