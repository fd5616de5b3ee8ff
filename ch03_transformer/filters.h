// Filters: which of the candidates for the next token stay. Lecture, sections 3.12 and
// 4.14.
//
//     top-k    the k most likely                        Fan et al. (2018), arXiv:1805.04833
//     top-p    the fewest most likely ones that         Holtzman et al. (2020),
//              have at least top_p together             arXiv:1904.09751
//     min-p    those with at least min_p times the      Nguyen et al. (2024),
//              probability of the most likely           arXiv:2407.01082
//
//     p = (.5 .3 .2):   top-k 2     (.625 .375  0 )
//                       top-p .6    (.625 .375  0 )      .5 is too little
//                       top-p .5    (  1    0   0 )      .5 is enough
//                       min-p .5    (.625 .375  0 )      .3 >= .5 x .5
//
// A filter reads the shares of what the filters before it left: the order matters. Ours
// is temperature first, then these from top to bottom. What the cut costs: the
// renormalised rest q has KL(q || p) = -ln(mass that was kept). At least one candidate
// stays.
#pragma once
#include "ch03_transformer/candidates.h"

void candidates_top_k(Candidates *c, int k);         // k >= 1
void candidates_top_p(Candidates *c, double top_p);  // [0, 1]; 1: all
void candidates_min_p(Candidates *c, double min_p);  // [0, 1]; 0: all
