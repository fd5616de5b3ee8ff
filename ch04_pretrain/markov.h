// Markov sources of any order over V symbols. Lecture, section 4.1.
//
//     P(x_t | all before) = P(x_t | x_{t-k} .. x_{t-1})
//     h   = sum_c pi(c) H(P(. | c))                 entropy rate; c: contexts of k symbols
//     F_n = H(X_n | X_1 .. X_{n-1})                 falls to h, which it reaches at n = k + 1
//
// A text begins in equilibrium: its first k symbols come from pi. States of the
// automaton are the contexts of 0 .. k symbols; it is unifilar.
#pragma once
#include "ch04_pretrain/automaton.h"

typedef struct {
    int symbols, order;
    double *rows;  // [symbols^order x symbols] P(x | context); oldest symbol first
    double *stationary;  // [symbols^order] pi
    Automaton automaton;
} Markov;

// rows as above, all positive; symbols^order is at most 1024.
Markov markov_new(int symbols, int order, const double *rows);
// Rows from Dirichlet(a), each then mixed with the uniform row: (1 - least V) row +
// least, so that no probability is below `least`.
Markov markov_random(Rng *rng, int symbols, int order, double a, double least);
void markov_free(Markov *m);

double markov_entropy_rate(const Markov *m);
// H(X_n | X_1 .. X_{n-1}), n >= 1, exactly.
double markov_block_entropy(const Markov *m, int n);
