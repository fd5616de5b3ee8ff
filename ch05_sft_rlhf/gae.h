// Generalised advantage estimation: how much better an action was than expected.
// Lecture, section 5.6.
//
//     delta_t = r_t + gamma V_(t+1) - V_t              one step's surprise
//     A_t     = sum_k (gamma lambda)^k delta_(t+k)     from the last step backwards:
//             = delta_t + gamma lambda A_(t+1)
//     R_t     = A_t + V_t                              what the critic should have said
//
//     t        0     1     2                  lambda = 0: A = delta, all trust in the critic
//     r        0     0     1                  lambda = 1: A_t = sum of rewards to come - V_t,
//     V        .5    .6    .7    (V_3)        none
//     delta    .1    .1    .3
//     A        .466  .385  .3                 gamma 1, lambda .95
//
// Steps are the answer's tokens, and no others: what a batch pads with has no place
// here. After END comes nothing, and V_n = 0. Where an answer was cut off and its rest
// is estimated, V_n is the critic's word on it.
//
// Schulman, Moritz, Levine, Jordan, Abbeel (2015), arXiv:1506.02438.
#pragma once

typedef struct {
    double gamma, lambda;
} GaeSettings;

// One answer of n steps. values: V_0 .. V_(n-1); last: V_n. returns may be NULL.
void gae(double *advantages, double *returns, const double *rewards,
         const double *values, int n, double last, GaeSettings s);
