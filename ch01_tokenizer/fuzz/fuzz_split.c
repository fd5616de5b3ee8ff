// libFuzzer target (`make fuzz`): the named patterns split by hand, in windows and one
// piece after the other, against the engine; and the steps of encoding against the first.
//
// The first byte is where an open text ends, in parts of 256. Of the rest, the longest
// beginning that is UTF-8 is the text, twice: once as it is, and once with so much behind
// it that windows fit.
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/encode_steps.h"
#include "ch01_tokenizer/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PATTERNS = 3 };
static const char *const names[PATTERNS] = {"gpt2", "cl100k", "o200k"};

static void same_pieces(const Pattern *named, const Pattern *engine, const char *text,
                        size_t n, size_t open) {
    Error err;
    Splitter hand = splitter_new(named), other = splitter_new(engine),
             begun = splitter_new(named);
    splitter_start(&hand, text, n), splitter_start(&other, text, n);
    splitter_start_open(&begun, text, open);
    size_t ends[SPLIT_WINDOW], count = 0, next = 0;
    for (size_t at = 0, end; at < n; at = end) {
        end = splitter_next(&other, at, &err);
        assert(end == splitter_next(&hand, at, &err));
        if (next == count) count = splitter_ends(&hand, at, ends, &err), next = 0;
        assert(ends[next++] == end);
        if (at >= open) continue;
        size_t early = splitter_next(&begun, at, &err);
        assert(early == open || early == end);
    }
    splitter_free(&hand), splitter_free(&other), splitter_free(&begun);
}

static void same_ids(const Tokenizer *t, const Pattern *engine, const char *text,
                     size_t n) {
    Ids plain = {0};
    encode_step(t, engine, STEP_ENGINE, text, n, &plain);
    for (int step = STEP_ENGINE + 1; step < ENCODE_STEPS; step++) {
        Ids ids = {0};
        encode_step(t, engine, (EncodeStepKind)step, text, n, &ids);
        assert(ids.size == plain.size);
        assert(!ids.size || !memcmp(ids.at, plain.at, ids.size * sizeof *ids.at));
        free(ids.at);
    }
    free(plain.at);
}

// Merges of letters, blanks and the bytes of Chinese, some across characters.
static Tokenizer small_tokenizer(const char *pattern) {
    static const int merges[][2] = {{' ', 't'},   {'h', 'e'},  {256, 257}, {0xE4, 0xBB},
                                    {259, 0x8A},  {260, 0xE5}, {' ', ' '}, {262, 262},
                                    {0x8A, 0xE5}, {'\'', 's'}, {'a', 'a'}, {266, 266}};
    Tokenizer t = {0};
    Error err;
    tokenizer_add_bytes(&t);
    for (int i = 0; i < (int)(sizeof merges / sizeof *merges); i++)
        if (!tokenizer_add_merge(&t, 256 + i, merges[i][0], merges[i][1], 1, &err))
            abort();
    if (!tokenizer_set_pattern(&t, pattern, &err) || !tokenizer_finish(&t, &err))
        abort();
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static Tokenizer tokenizers[PATTERNS];
    static Pattern *engines[PATTERNS];
    Error err;
    for (int p = 0; p < PATTERNS && !engines[p]; p++) {
        tokenizers[p] = small_tokenizer(names[p]);
        engines[p] = pattern_new(pattern_expression(names[p]), &err);
    }
    if (size == 0) return 0;
    size_t n = utf8_valid_prefix((const char *)data + 1, size - 1),
           open = n * data[0] / 256;
    char *text = malloc(n + 2 * SPLIT_WINDOW);
    memcpy(text, data + 1, n);
    memset(text + n, 'x', 2 * SPLIT_WINDOW);
    while (open > 0 && (text[open] & 0xC0) == 0x80) open--;
    for (int p = 0; p < PATTERNS; p++) {
        const Tokenizer *t = &tokenizers[p];
        same_pieces(t->pattern, engines[p], text, n, open);
        same_pieces(t->pattern, engines[p], text, n + 2 * SPLIT_WINDOW, open);
        same_ids(t, engines[p], text, n);
        same_ids(t, engines[p], (const char *)data, size);  // broken bytes too
    }
    free(text);
    return 0;
}
