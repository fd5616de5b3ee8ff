// export: the vocabulary in another program's format.
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/commands/commands.h"
#include "ch01_tokenizer/commands/shared.h"

const Option export_options[] = {MODEL_OPTIONS,
                                 {"format", "tiktoken", "tiktoken or gpt2"},
                                 {"output", NULL, "the file to write", .letter = 'o'},
                                 {0}};

// " --NAME 'VALUE'" as a shell reads it: within single quotes only these are special.
static void print_option(FILE *stream, const char *name, const char *value) {
    fprintf(stream, " --%s '", name);
    for (; *value; value++)
        if (*value == '\'') fputs("'\\''", stream);
        else fputc(*value, stream);
    fputc('\'', stream);
}

static bool has_special(const Tokenizer *t, const char *text) {
    for (int s = 0; s < t->special_count; s++)
        if (strcmp(t->specials[s].text, text) == 0) return true;
    return false;
}

// GPT-2's format has its own order of bytes, which most models do not.
static void print_renumbering(const Tokenizer *t, const Tokenizer *written) {
    int changed = 0, shown = 0;
    for (int b = 255; b >= 0; b--)
        if (written->byte_id[b] != t->byte_id[b]) changed++, shown = b;
    if (written->byte_id['a'] != t->byte_id['a']) shown = 'a';
    if (changed > 0)
        warn(
            "%d of the 256 bytes have other ids in this format: byte %d has %d, in the "
            "model %d",
            changed, shown, written->byte_id[shown], t->byte_id[shown]);
}

// Neither format has room for pattern and special tokens: what must be passed with the
// file, and which ids it changes, found by reading what was written.
static void print_advice(const Tokenizer *t, Bytes written) {
    Tokenizer plain;
    Error err;
    if (!model_read_bytes(&plain, "what was written", written, NULL, NULL, 0, &err))
        die("%s", err.text);
    bool same_pattern = strcmp(plain.expression, t->expression) == 0,
         same_specials = true;
    for (int s = 0; s < t->special_count; s++)
        same_specials &= has_special(&plain, t->specials[s].text);
    if (!same_pattern || !same_specials) {
        fprintf(stderr, "%s: the file does not hold all of the model; pass with it:",
                program_name());
        if (!same_pattern) print_option(stderr, "pattern", t->expression);
        for (int s = 0; s < t->special_count; s++)
            if (!has_special(&plain, t->specials[s].text))
                print_option(stderr, "special", t->specials[s].text);
        fputc('\n', stderr);
    }
    print_renumbering(t, &plain);
    tokenizer_free(&plain);
}

int export_model(const Args *args) {
    static const char *const names[] = {"tiktoken", "gpt2", NULL};
    static const FormatKind kinds[] = {FORMAT_RANKS, FORMAT_GPT2};
    const Format *format = &formats[kinds[option_choice(args, "format", names)]];
    const char *output = option_text(args, "output");
    if (!output) die("export: -o FILE is needed: where the vocabulary goes");
    no_files(args, "export");
    Tokenizer t;
    model_or_die(&t, args);
    Output out = open_or_die(output);
    Bytes written;
    FILE *memory = open_memstream(&written.data, &written.size);
    if (!memory) die("out of memory");
    Error err;
    if (!format->write(&t, memory, &err))
        die("%s: %s", option_text(args, "model"), err.text);
    if (fclose(memory) != 0) die("out of memory");
    fwrite(written.data, 1, written.size, out.stream);
    commit_or_die(&out);
    print_advice(&t, written);
    bytes_free(&written);
    tokenizer_free(&t);
    return 0;
}
