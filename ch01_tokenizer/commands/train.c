// train: learns a vocabulary from text.
#include <stdio.h>
#include <string.h>

#include "ch01_tokenizer/commands/commands.h"
#include "ch01_tokenizer/commands/shared.h"
#include "ch01_tokenizer/format_own.h"
#include "ch01_tokenizer/pieces.h"

const Option train_options[] = {
    {"vocab", "8192", "ids in all: 256 bytes, special tokens, merges"},
    {"pattern", "gpt2", PATTERN_NAMES ", or a regular expression"},
    {"special", NULL, "a special token (again for more)"},
    {"output", NULL, "the model to write", .letter = 'o'},
    {0}};

enum { MOST_SPECIALS = 1024 };

// Their ids come when the merges are known.
static int collect_specials(const Args *args, Special *specials) {
    int count = 0;
    const char *text;
    while ((text = option_nth(args, "special", (size_t)count)) != NULL) {
        if (count == MOST_SPECIALS) die("--special: at most %d", MOST_SPECIALS);
        if (!text[0] || strpbrk(text, "\r\n"))
            die("--special: expected text on one line");
        specials[count] = (Special){(char *)text, strlen(text), NO_SYMBOL};
        count++;
    }
    return count;
}

// Adds the pieces of all files; returns how many bytes they have.
static size_t read_pieces(Pieces *pieces, const Args *args, const Special *specials,
                          int special_count) {
    Error err;
    Pattern *pattern = pattern_new(option_text(args, "pattern"), &err);
    if (!pattern) die("%s", err.text);
    size_t files, bytes = 0;
    const char *const *paths = files_of(args, &files);
    for (size_t f = 0; f < files; f++) {
        Bytes text = read_or_die(paths[f]);
        if (!pieces_add(pieces, pattern, specials, special_count, text.data, text.size,
                        &err))
            die("%s: %s", file_label(paths[f]), err.text);
        bytes += text.size;
        bytes_free(&text);
    }
    pattern_free(pattern);
    if (bytes == 0) die("%s: empty: nothing to train on", file_label(paths[0]));
    return bytes;
}

int train(const Args *args) {
    static Special specials[MOST_SPECIALS];
    const char *output = option_text(args, "output");
    if (!output) die("train: -o FILE is needed: where the model goes");
    int special_count = collect_specials(args, specials);
    int vocabulary = (int)option_int(args, "vocab", 1, TOKEN_MOST);
    int merges = vocabulary - 256 - special_count;
    if (merges < 0)
        die("--vocab %d: expected at least %d: 256 bytes and the special tokens",
            vocabulary, 256 + special_count);

    Output out = open_or_die(output);  // now, not after an hour of training
    Pieces pieces = {0};
    size_t bytes = read_pieces(&pieces, args, specials, special_count);
    Words words = pieces_to_words(&pieces);
    pieces_free(&pieces);
    Tokenizer t;
    Error err;
    if (!tokenizer_train(&t, &words, merges, specials, special_count,
                         option_text(args, "pattern"), &err))
        die("%s", err.text);
    uint64_t tokens = words_symbols(&words);
    words_free(&words);
    if (t.size < vocabulary)
        warn("the text has no pairs left to merge: a vocabulary of %d, not %d", t.size,
             vocabulary);
    write_own(&t, out.stream, NULL);
    commit_or_die(&out);
    fprintf(stderr, "%s: %d ids from %zu bytes: %.3f bytes per token\n", program_name(),
            t.size, bytes, (double)bytes / (double)(tokens ? tokens : 1));
    tokenizer_free(&t);
    return 0;
}
