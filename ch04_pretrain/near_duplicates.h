// Near-duplicates: documents most of whose runs of words are those of another. Lecture,
// section 4.18.
//
// MinHash and bands find candidates, and each is then compared in full: what is called a
// near-duplicate has J >= least. What is missed is one in (1 - s^rows)^bands, at most.
#pragma once
#include "ch04_pretrain/documents.h"
#include "common/numeric/rng.h"

typedef struct {
    int words;        // of a shingle
    int rows, bands;  // of a signature
    double least;     // similarity
    Rng rng;          // of the hash functions
} NearSettings;

// Shingles of 5 words; 20 bands of 5 rows: a pair of 0.8 is missed once in 2,800 times.
NearSettings near_settings(uint64_t seed);

// first[i]: the first document that i is a near-duplicate of, by a chain of them; i where
// there is none before it. Returns how many pairs were compared in full.
size_t near_duplicates(const Documents *d, const NearSettings *s, size_t *first);
