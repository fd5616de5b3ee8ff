// Locality-sensitive hashing: which of n documents might be similar, without looking at
// n (n - 1) / 2 pairs. Lecture, section 4.18.
//
//     signature   [ m1 m2 m3 | m4 m5 m6 | m7 m8 m9 ]      3 bands of 3 rows
//                      |          |          |
//                   bucket     bucket     bucket          a pair in one bucket is a candidate
//
// Two sets of similarity s agree in all r rows of a band with probability s^r, and in at
// least one of b bands with
//
//     P(candidate) = 1 - (1 - s^r)^b,        steepest near s = (1/b)^(1/r)
//
// where it is 1 - (1 - 1/b)^b, about 0.64. Indyk, Motwani (1998); Leskovec, Rajaraman,
// Ullman, "Mining of massive datasets", chapter 3.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

double lsh_curve(double s, int rows, int bands);
double lsh_threshold(int rows, int bands);

// Calls same(of, i, j), i < j, for candidates among `count` signatures of rows x bands
// numbers. What `same` says yes to becomes one group, and no pair within a group is asked
// about again. group[i]: the first document of i's group. Returns how often it asked.
size_t lsh_group(size_t *group, const uint64_t *signatures, size_t count, int rows,
                 int bands, bool (*same)(const void *of, size_t i, size_t j),
                 const void *of);
