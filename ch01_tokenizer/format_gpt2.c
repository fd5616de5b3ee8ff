#include "ch01_tokenizer/format_gpt2.h"

#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/byte_letters.h"
#include "ch01_tokenizer/utf8.h"

// The token that a word of GPT-2's letters spells; NO_SYMBOL where there is none (yet).
// bytes: room for size bytes.
static int find_spelt(const Tokenizer *t, const char *word, size_t size, char *bytes) {
    size_t n = bytes_of_letters(bytes, word, size);
    return n == SIZE_MAX ? NO_SYMBOL : tokenizer_find(t, bytes, n);
}

static bool read_gpt2_merge(Reader *r, Tokenizer *t, char *bytes) {
    char *space = memchr(r->line, ' ', r->size);
    if (!space || space == r->line || !space[1] || strchr(space + 1, ' '))
        return fail(r, "expected two tokens and a space between them");
    Error problem;
    int left = find_spelt(t, r->line, (size_t)(space - r->line), bytes);
    if (left == NO_SYMBOL)
        return fail(
            r, "the left token is not there yet: merges are listed after their parts");
    int right =
        find_spelt(t, space + 1, r->size - (size_t)(space + 1 - r->line), bytes);
    if (right == NO_SYMBOL)
        return fail(
            r, "the right token is not there yet: merges are listed after their parts");
    return tokenizer_add_merge(t, t->size, left, right, 0, &problem)
           || fail_as(r, &problem);
}

static const char VERSION[] = "#version";

// Without a version, the first line must be a merge of two letters, or anything would do.
bool is_gpt2(const Reader *r) {
    if (strncmp(r->line, VERSION, strlen(VERSION)) == 0) return true;
    int length;
    size_t first = 0, second = r->size;
    if (utf8_decode(r->line, r->size, &length) >= 0) first = (size_t)length;
    if (first + 1 >= r->size || r->line[first] != ' ') return false;
    if (utf8_decode(r->line + first + 1, r->size - first - 1, &length) >= 0)
        second = first + 1 + (size_t)length;
    return second == r->size;
}

bool read_gpt2(Reader *r, Tokenizer *t, const char *pattern) {
    (void)pattern;  // model_read sets it, in place of the usual one
    bool have_line = strncmp(r->line, VERSION, strlen(VERSION)) != 0 || next_line(r);
    Error problem;
    char *bytes = NULL;
    size_t capacity = 0;
    for (int i = 0; i < 256; i++) {
        char byte = (char)byte_in_gpt2_order(i);
        tokenizer_add(t, i, &byte, 1, NULL);
    }
    bool ok = true;
    for (; ok && have_line; have_line = ok && next_line(r)) {
        reserve(bytes, capacity, r->size);
        ok = read_gpt2_merge(r, t, bytes);
    }
    free(bytes);
    if (!ok) return false;
    return (tokenizer_add_special(t, t->size, "<|endoftext|>", &problem)
            && tokenizer_set_pattern(t, "gpt2", &problem))
           || fail_as(r, &problem);
}

bool write_gpt2(const Tokenizer *t, FILE *stream, Error *err) {
    for (int id = 0; id < t->size; id++)
        if (t->tokens[id].size > 1 && t->tokens[id].left == NO_SYMBOL
            && !tokenizer_is_special(t, id))
            return error_set(
                err,
                "GPT-2's format needs merges, and id %d has none: this came from ranks",
                id);
    fprintf(stream, "#version: 0.2\n");
    for (int id = 0; id < t->size; id++) {
        if (t->tokens[id].left == NO_SYMBOL) continue;
        const Token *parts[2] = {&t->tokens[t->tokens[id].left],
                                 &t->tokens[t->tokens[id].right]};
        for (int p = 0; p < 2; p++) {
            for (size_t i = 0; i < parts[p]->size; i++) {
                char letter[4];
                int length = letter_of_byte(
                    letter, (unsigned char)t->bytes[parts[p]->begin + i]);
                fwrite(letter, 1, (size_t)length, stream);
            }
            fputc(p == 0 ? ' ' : '\n', stream);
        }
    }
    return true;
}
