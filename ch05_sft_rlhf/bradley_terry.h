// Bradley and Terry's model of choices, and the loss it gives. Lecture, section 5.4.
//
// Of two answers with rewards r_w and r_l, Delta = r_w - r_l, the first is preferred with
// probability sigma(Delta). With a margin m the loss asks for more than a positive
// difference:
//
//     loss(Delta, m) = -ln sigma(Delta - m)         d loss / d Delta = -sigma(m - Delta)
//
// Where the first answer wins a share p of the choices, and m does not depend on who
// wins, the expected loss is least at Delta*, the root of a quadratic in e^Delta:
//
//     e^Delta* = (2p - 1 + sqrt((2p - 1)^2 + 4 p (1 - p) e^-2m)) / (2 (1 - p) e^-m)
//     m = 0:  Delta* = logit p        m > 0:  |Delta*| > |logit p|, but for p = 1/2
//
// Bradley, Terry (1952); with a margin: Touvron et al. (2023), arXiv:2307.09288, eq. 2.
#pragma once
#include "ch03_transformer/tape.h"
#include "common/numeric/logistic.h"

double bradley_terry_loss(double delta, double margin);
double bradley_terry_slope(double delta, double margin);  // with respect to delta
// Delta*. 0 <= p <= 1; infinite where p is 0 or 1.
double bradley_terry_optimum(double p, double margin);

// The mean loss of n pairs on the tape, 1 x 1. scores (2n x 1): those of the preferred
// answers, then those of the others in the same order. margins: n of them, copied; NULL:
// all 0.
Node *bradley_terry_node(Tape *t, Node *scores, const double *margins);

// The rewards of n answers that make their comparisons most likely, with mean 0.
// wins[i n + j]: how often i was preferred to j. Every answer must have won and lost
// along some chain of comparisons; otherwise the best rewards are infinite, and these
// are large. Zermelo (1929): r_i = ln(wins of i / sum_j n_ij / (e^r_i + e^r_j)), repeated.
void bradley_terry_fit(const double *wins, int n, double *rewards);
