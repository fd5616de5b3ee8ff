// Shingles: what a text has in common with another, as sets of numbers. Lecture,
// section 4.18.
//
//     the cat sat on the mat
//     [the cat sat] [cat sat on] [sat on the] [on the mat]     shingles of 3 words, hashed
//
//     J(A, B) = |A and B| / |A or B|        Jaccard's similarity of two sets
//
// A word is what stands between white space, in small letters and without signs at its
// ends, so that a comma more does not make another word.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The words of a text, hashed, in order.
typedef struct {
    uint64_t *at;
    size_t count, capacity;
} WordHashes;

WordHashes word_hashes_read(const char *text, size_t size);
void word_hashes_free(WordHashes *w);
// again[count]: whether word i is in a run of n words that occurred before, at least partly
// earlier in the text.
void word_hashes_repeated(const WordHashes *w, int n, bool *again);

// A set: different hashes, rising.
typedef struct {
    uint64_t *at;
    size_t count;
} Shingles;

// Shingles of n words; a shorter text is one shingle, an empty one none.
Shingles shingles_of(const char *text, size_t size, int n);
void shingles_free(Shingles *s);
// 1 for two empty sets.
double jaccard(const Shingles *a, const Shingles *b);

// Sorts and drops repeated ones; returns how many are left.
size_t hashes_unique(uint64_t *hashes, size_t count);
