// Induction heads: how attention counts pairs in its context. Lecture, section 4.28.
//
//     text       a  b  c  a  ?            what followed a before? b
//     head 1        <- <- <-              each token looks at the one before, and carries
//                                         away who that was
//     head 2           ^------- a         a looks for tokens whose predecessor was an a
//                   b                     and finds the b: what follows a
//
// Two scores, each the mean over the queries of a map of attention weights:
//
//     previous    the weight on the token before
//     induction   the weight on tokens that followed the query's own token, less what even
//                 weights would put there, over what is left: 0 even, 1 all of it
//
// Olsson et al., "In-context learning and induction heads" (2022), arXiv:2209.11895; on
// random chains Edelman et al., "The evolution of statistical induction heads" (2024),
// arXiv:2402.11004.
#pragma once
#include "common/numeric/mat.h"

// map: T x T, row i sums to 1 over the keys 0 .. i. tokens[T].
double previous_score(Mat map);
// 0 where no token occurs again.
double induction_score(Mat map, const int *tokens);
// Whether key j followed an earlier occurrence of query i's token.
static inline int follows_same(const int *tokens, int i, int j) {
    return j >= 1 && j <= i && tokens[j - 1] == tokens[i];
}
