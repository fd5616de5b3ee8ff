// Random numbers: one small generator, and streams that can be split.
//
// xoshiro256++ (Blackman and Vigna, "Scrambled linear pseudorandom number generators",
// 2021), seeded by SplitMix64. A stream is a value: copy it and the copy repeats it.
// rng_split gives stream k of a parent without moving the parent, so that work shared
// out over threads draws the same numbers however many threads there are: one stream
// per item, never one per thread.
#pragma once
#include <stdint.h>

#include "common/numeric/mat.h"

typedef struct {
    uint64_t state[4];
} Rng;

Rng rng_new(uint64_t seed);
Rng rng_split(const Rng *parent, uint64_t k);

uint64_t rng_bits(Rng *rng);   // 64 uniform bits
double rng_uniform(Rng *rng);  // [0, 1), 53 bits
// mean 0, variance 1 (Box-Muller)
double rng_normal(Rng *rng);
// 0 .. n-1, n >= 1, without modulo bias
int rng_below(Rng *rng, int n);
// i with probability p[i] / sum(p), p[i] >= 0
int rng_categorical(Rng *rng, const double *p, int n);
void rng_shuffle(Rng *rng, int *items, int n);  // Fisher-Yates
// every element, row after row
void rng_fill_normal(Rng *rng, Mat m, double sd);
