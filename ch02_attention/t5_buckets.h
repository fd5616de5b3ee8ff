// T5's relative position buckets: a learned number for each bucket of distances.
// Lecture, section 2.9.
//
//     score(i, j) = q_i . k_j + table[head][bucket(i, j)]
//
// (T5 does not divide by sqrt(d): its initial W_Q does.)
//
// With n buckets looking back, distances below n/2 have a bucket each; the others share
// n/2 buckets whose width grows with distance, and from a little before `furthest` on
// there is one bucket (113 of 128, with 32 of them):
//
//     bucket(s) = s                                                              s < n/2
//               = n/2 + floor( (n/2) ln(s / (n/2)) / ln(furthest / (n/2)) )      up to n - 1
//
// Causal: all buckets look back, keys ahead are in bucket 0. Else half of them look
// back, and the other half, which comes after, looks ahead. The table is one for all
// layers.
// Raffel et al., "Exploring the limits of transfer learning ..." (2020),
// arXiv:1910.10683, section 2.1.
#pragma once
#include <stdbool.h>

// distance: position of the query minus position of the key. buckets even, at least 2
// (4 when not causal), furthest > half of the buckets that look one way.
int t5_bucket(int distance, int buckets, int furthest, bool causal);
