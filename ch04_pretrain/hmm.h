// Hidden Markov sources: the state is a Markov chain, and one sees only what it says.
// Lecture, section 4.3.
//
//     A[x][i][j] = P(says x, goes to j | in i)
//     P(text)    = pi A[x_1] A[x_2] .. A[x_n] 1
//
// No formula gives the entropy rate h, but it is caught between two sequences (Cover
// and Thomas, theorem 4.5.1), S_1 being the state that says X_1:
//
//     H(X_n | X_1 .. X_{n-1}, S_1)  <=  h  <=  H(X_n | X_1 .. X_{n-1})
//
// What a reader knows of the state, P(S | text so far), is the belief. For Mess3
// (Marzen and Crutchfield, 2017; Shai et al., 2024, arXiv:2405.15943) all beliefs
// together draw a fractal in a triangle.
#pragma once
#include "ch04_pretrain/automaton.h"

typedef struct {
    int symbols, states;
    double *says;        // [symbols x states x states] A
    double *stationary;  // [states] pi
    Automaton automaton;
} Hmm;

// transition [states x states], emission [states x symbols]: says x by emission, then
// moves.
Hmm hmm_classic(const double *transition, const double *emission, int symbols,
                int states);
// Three states, three symbols: moves with probability 2x, and says the state arrived at
// with probability a, each other with (1 - a) / 2. Usual: x = .05, a = .85.
Hmm hmm_mess3(double x, double a);
void hmm_free(Hmm *h);

// H(X_n | X_1 .. X_{n-1}) and H(X_n | X_1 .. X_{n-1}, S_1), n >= 1, by going through
// all symbols^n texts.
double hmm_upper(const Hmm *h, int n);
double hmm_lower(const Hmm *h, int n);
// The largest n with at most 2^18 texts: the depth at which floors are computed.
int hmm_depth(const Hmm *h);
