// MinHash: a set as k numbers, two of which tell how similar the sets are. Lecture,
// section 4.18.
//
//     m_i(A) = min of h_i(x) over x in A,    i = 1 .. k,  k different hash functions
//
//     P(m_i(A) = m_i(B)) = J(A, B)
//
// for the least of A or B together is equally likely to be any element, and the two are
// equal just if it lies in both. The share of equal numbers is J on average, with
// variance J (1 - J) / k, if the h_i are independent: one function used k times over is
// one throw of a coin, told k times. Broder (1997), "On the resemblance and containment
// of documents".
#pragma once
#include "ch04_pretrain/shingles.h"
#include "common/numeric/rng.h"

// Element x as function i of a seed sees it.
uint64_t minhash_value(uint64_t x, uint64_t seed_of_function);
// k functions: seeds[k]; the caller frees them.
uint64_t *minhash_seeds(const Rng *rng, int k);
// to[k]; UINT64_MAX of an empty set.
void minhash_sign(uint64_t *to, const Shingles *s, const uint64_t *seeds, int k);
// The share of equal numbers.
double minhash_similarity(const uint64_t *a, const uint64_t *b, int k);
