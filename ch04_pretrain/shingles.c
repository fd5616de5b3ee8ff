#include "ch04_pretrain/shingles.h"

#include <ctype.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/numeric/hash.h"

// Bytes beyond ASCII are parts of letters as far as this is concerned.
static bool is_sign(unsigned char c) { return c < 128 && !isalnum(c); }

static uint64_t hash_word(const char *from, const char *to) {
    const char *first = from, *last = to;
    while (first < last && is_sign((unsigned char)*first)) first++;
    while (first < last && is_sign((unsigned char)last[-1])) last--;
    if (first == last) first = from, last = to;  // signs alone: a word like any other
    uint64_t h = HASH_START;
    for (; first < last; first++)
        h = hash_unit(h, (uint32_t)tolower((unsigned char)*first));
    return h;
}

WordHashes word_hashes_read(const char *text, size_t size) {
    WordHashes w = {0};
    for (const char *p = text, *end = text + size; p < end;) {
        while (p < end && isspace((unsigned char)*p)) p++;
        const char *from = p;
        while (p < end && !isspace((unsigned char)*p)) p++;
        if (p == from) break;
        reserve(w.at, w.capacity, w.count + 1);
        w.at[w.count++] = hash_word(from, p);
    }
    return w;
}

void word_hashes_free(WordHashes *w) {
    free(w->at);
    *w = (WordHashes){0};
}

static uint64_t hash_run(const uint64_t *words, size_t n) {
    return hash_bytes(HASH_START, words, n * sizeof *words);
}

// ---- runs that come again

typedef struct {
    uint64_t hash;
    size_t at;
} Run;

static int by_hash_and_place(const void *a, const void *b) {
    const Run *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return (x->at > y->at) - (x->at < y->at);
}

void word_hashes_repeated(const WordHashes *w, int n, bool *again) {
    size_t length = (size_t)n, runs = w->count < length ? 0 : w->count - length + 1;
    Run *sorted = allocate(runs, sizeof *sorted);
    for (size_t i = 0; i < w->count; i++) again[i] = false;
    for (size_t i = 0; i < runs; i++) sorted[i] = (Run){hash_run(w->at + i, length), i};
    qsort(sorted, runs, sizeof *sorted, by_hash_and_place);
    for (size_t i = 1; i < runs; i++)
        for (size_t k = 0; k < length && sorted[i].hash == sorted[i - 1].hash; k++)
            again[sorted[i].at + k] = true;
    free(sorted);
}

// ---- sets

static int by_value(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

size_t hashes_unique(uint64_t *hashes, size_t count) {
    if (count == 0) return 0;
    size_t kept = 1;
    qsort(hashes, count, sizeof *hashes, by_value);
    for (size_t i = 1; i < count; i++)
        if (hashes[i] != hashes[kept - 1]) hashes[kept++] = hashes[i];
    return kept;
}

Shingles shingles_of(const char *text, size_t size, int n) {
    WordHashes w = word_hashes_read(text, size);
    size_t length = w.count < (size_t)n ? w.count : (size_t)n,
           count = w.count ? w.count - length + 1 : 0;
    Shingles s = {allocate(count, sizeof *s.at), count};
    for (size_t i = 0; i < count; i++) s.at[i] = hash_run(w.at + i, length);
    s.count = hashes_unique(s.at, count);
    word_hashes_free(&w);
    return s;
}

void shingles_free(Shingles *s) {
    free(s->at);
    *s = (Shingles){0};
}

double jaccard(const Shingles *a, const Shingles *b) {
    size_t i = 0, j = 0, both = 0;
    while (i < a->count && j < b->count) {
        uint64_t x = a->at[i], y = b->at[j];
        both += x == y;
        i += x <= y, j += y <= x;
    }
    size_t either = a->count + b->count - both;
    return either ? (double)both / (double)either : 1;
}
