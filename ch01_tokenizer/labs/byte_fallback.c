// T10: bytes as the alphabet: nothing is out of vocabulary, nothing is lost. Lecture,
// section 1.2.
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/labs/corpus.h"
#include "ch01_tokenizer/tokenizer.h"
#include "ch01_tokenizer/utf8.h"

enum { MERGES = 512, RANDOM_STRINGS = 2000, PER_OCTAVE = 200 };

static bool comes_back(const Tokenizer *t, const char *text, size_t n) {
    Ids ids = {0};
    tokenizer_encode(t, text, n, false, &ids, NULL);
    size_t at = 0, size;
    bool same = true;
    for (size_t i = 0; same && i < ids.size; i++) {
        const char *bytes = token_bytes(t, ids.at[i], &size);
        same = bytes && at + size <= n && memcmp(bytes, text + at, size) == 0;
        at += size;
    }
    free(ids.at);
    return same && at == n;
}

static size_t tokens_of(const Tokenizer *t, const char *text, size_t n) {
    Ids ids = {0};
    tokenizer_encode(t, text, n, false, &ids, NULL);
    free(ids.at);
    return ids.size;
}

static void claim_nothing_lost(Lab *lab, const Tokenizer *t) {
    int lost = 0;
    for (int pair = 0; pair < 65536; pair++) {
        char text[2] = {(char)(pair >> 8), (char)pair};
        lost += !comes_back(t, text, 2);
    }
    claim_equal(lab, "1.1", "of all 65536 strings of two bytes, lost", 0, lost);
    lost = 0;
    for (int i = 0; i < RANDOM_STRINGS; i++) {
        char text[64];
        int n = rng_below(&lab->rng, 64);
        for (int b = 0; b < n; b++) text[b] = (char)rng_bits(&lab->rng);
        lost += !comes_back(t, text, (size_t)n);
    }
    claim_equal(lab, "1.1", "of 2000 random byte strings, lost", 0, lost);
}

// A random code point of exactly `bits` bits; surrogates are none.
static int draw_point(Rng *rng, int bits) {
    for (;;) {
        int least = bits ? 1 << (bits - 1) : 0,
            point = least + (bits > 1 ? rng_below(rng, least) : 0);
        if (point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF)) return point;
    }
}

// Letters as symbols, as Sennrich had them: what the first half of the text never
// showed has no token.
static int unknown_letters(const Bytes *text) {
    size_t half = text->size / 2;
    char *seen = allocate(0x110000, 1);
    int unknown = 0;
    for (size_t i = 0; i < text->size;) {
        int length, point = utf8_decode(text->data + i, text->size - i, &length);
        if (point >= 0 && i < half) seen[point] = 1;
        if (point >= 0 && i >= half && !seen[point]) unknown++;
        i += (size_t)length;
    }
    free(seen);
    return unknown;
}

// A code point of b bits needs 1 byte to 7 bits, 2 to 11, 3 to 16, 4 to 21: lecture,
// section 1.2.
static int derived_bytes(int bits) {
    return bits <= 7 ? 1 : bits <= 11 ? 2 : bits <= 16 ? 3 : 4;
}

// Of the code points of 1 to 21 bits, those that break a rule; and a row of the table for
// each number of bytes: its tokens are a mean.
static void claim_lengths(Lab *lab, const Tokenizer *t) {
    int wrong = 0, over = 0;
    double tokens = 0;
    lab_print(lab, "%12s %6s %10s %13s", "bits", "bytes", "measured", "tokens, mean");
    for (int bits = 1, from = 1; bits <= 21; bits++) {
        int derived = derived_bytes(bits), length = 0;
        for (int i = 0; i < PER_OCTAVE; i++) {
            char text[4];
            length = utf8_encode(text, draw_point(&lab->rng, bits));
            size_t count = tokens_of(t, text, (size_t)length);
            wrong += length != derived;
            over += count > (size_t)derived;
            tokens += (double)count / PER_OCTAVE;
        }
        if (bits < 21 && derived_bytes(bits + 1) == derived) continue;
        lab_print(lab, "%6d to %2d %6d %10d %13.3f", from, bits, derived, length,
                  tokens / (bits - from + 1));
        tokens = 0, from = bits + 1;
    }
    claim_equal(lab, "1.2", "code points whose length is not the derived one", 0,
                wrong);
    claim_equal(lab, "1.2", "code points that take more tokens than bytes", 0, over);
}

static void run(Lab *lab) {
    Words words = corpus_words(lab, "gpt2");
    Tokenizer t;
    Error err;
    if (!tokenizer_train(&t, &words, MERGES, NULL, 0, "gpt2", &err))
        die("%s", err.text);
    claim_nothing_lost(lab, &t);
    claim_lengths(lab, &t);
    Bytes text = corpus(lab, 1, "a byte");
    lab_print(lab,
              "letters as symbols instead: %d letters of the text's second half are "
              "not in its first",
              unknown_letters(&text));
    bytes_free(&text);
    words_free(&words);
    tokenizer_free(&t);
}

static const Option options[] = {DATA_OPTION, {0}};

const LabSpec lab_byte_fallback = {"byte-fallback", "1.2",
                                   "Bytes: nothing is out of vocabulary", run, options};
