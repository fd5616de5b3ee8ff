// Mixing sources by weight. Lecture, section 4.20.
//
//     w_i      share of the training text that is to come from source i, sum of all: 1
//     n_i      how much of it there is;  total: how much text is wanted
//     e_i      = w_i total / n_i, how often the source is gone through: its epochs
//
// Small good sources get weights beyond their size: they are read twice, others in part.
// LLaMA's table (Touvron et al., 2023, arXiv:2302.13971, table 1) is the example: weights,
// and epochs for 1.4e12 tokens, from which n_i follows.
#pragma once
#include <stddef.h>

#include "common/numeric/rng.h"

typedef struct {
    const char *name;
    double weight, epochs;
    double bytes;  // on disk
} MixtureSource;

enum { LLAMA_SOURCES = 7 };
#define LLAMA_TOKENS 1.4e12
extern const MixtureSource llama_mixture[];

double mixture_epochs(double weight, double size, double total);
// The largest total that goes through no source more than `most` times.
double mixture_total(const double *weights, const double *sizes, int count,
                     double most);
// Weights count as adding up to 1 within a thousandth.
double mixture_sum(const double *weights, int count);

// Which documents of a source make up e <= 1 of its bytes: drawn at random, without
// repetition, until another would take more than half of itself beyond. chosen[count].
void mixture_choose(const size_t *bytes, size_t count, double epochs, Rng *rng,
                    unsigned char *chosen);
