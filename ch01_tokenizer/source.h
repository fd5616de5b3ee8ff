// Sources: random text whose entropy is known. Lecture, section 1.8.
//
// A Markov source: the next symbol depends on the last one, with probabilities P(next |
// last).
//
//     stationary distribution   pi = pi P
//     entropy rate              h = sum_a pi(a) sum_b P(b|a) log2 1/P(b|a)      bits per symbol
//
// No code is shorter than h and no model's loss is below it: a claim about either has a
// number to meet. Shannon, "A mathematical theory of communication" (1948); Cover and
// Thomas, "Elements of information theory", section 4.2.
#pragma once
#include "common/numeric/rng.h"

typedef struct {
    int symbols;
    // [symbols x symbols] P(b | a) in row a, column b; rows sum to 1
    double *next;
    double *stationary;  // [symbols] pi; sums to 1
} Source;

// The source with the given rows, [symbols x symbols], which are scaled to sum to 1.
// Every symbol must be reachable from every other; a negative number or a row of zeros
// is a caller's bug. source_free frees it.
Source source_new(const double *next, int symbols);
// Rows drawn at random: exponential weights to the power `sharpness` (0 to 16),
// normalised. 0: uniform and independent, h = log2(symbols); 1: uniform among all rows;
// higher: lower entropy.
Source source_random(Rng *rng, int symbols, double sharpness);
// The same for 8 symbols or more, with the sharpness that makes h = bits: from
// log2(symbols) / 2 up to all of log2(symbols).
Source source_with_entropy(Rng *rng, int symbols, double bits);
void source_free(Source *source);

double source_entropy(const Source *source);  // h, bits per symbol
// Bits a symbol for one who knows how often each symbol occurs, and no more: sum_a
// pi(a) log2 1/pi(a) >= h.
double source_unigram_entropy(const Source *source);
// text[0 .. n-1], symbols from 0; the first comes from the stationary distribution.
void source_draw(const Source *source, Rng *rng, int *text, int n);
// log2 1/P(symbol | last): bits that someone who knows the source learns. last < 0: the
// text begins here.
double source_surprise(const Source *source, int last, int symbol);
