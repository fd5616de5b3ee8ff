#include "ch01_tokenizer/labs/corpus.h"

#include <stdlib.h>

#include "ch01_tokenizer/pieces.h"

Bytes corpus(Lab *lab, size_t least, const char *what) {
    const char *given = option_text(&lab->args, "data");
    char *path = given ? NULL : repository_file("docs/ch01_tokenizer.md");
    if (!given && !path)
        die("the lectures are not beside this program: name a text with --data FILE");
    Bytes text;
    Error err;
    if (!file_read(&text, given ? given : path, &err)) die("%s", err.text);
    if (text.size < least)
        die("%s: %zu bytes of text: %s needs %s, at least %zu", given ? given : path,
            text.size, lab->spec->name, what, least);
    free(path);
    return text;
}

Words corpus_words(Lab *lab, const char *pattern) {
    Bytes text = corpus(lab, 1, "a byte");
    Error err;
    Pattern *compiled = pattern_new(pattern, &err);
    Pieces pieces = {0};
    if (!pieces_add(&pieces, compiled, NULL, 0, text.data, text.size, &err))
        die("%s", err.text);
    Words words = pieces_to_words(&pieces);
    pieces_free(&pieces);
    pattern_free(compiled);
    bytes_free(&text);
    return words;
}

Words one_word(const char *text, size_t n) {
    Words words = {0};
    int *symbols = allocate(n, sizeof *symbols);
    for (size_t i = 0; i < n; i++) symbols[i] = (unsigned char)text[i];
    words_add(&words, symbols, n, 1);
    free(symbols);
    return words;
}
