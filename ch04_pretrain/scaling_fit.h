// A scaling law fitted to measured losses. Lecture, section 4.25.
//
//     L(N, D) = E + A / N^alpha + B / D^beta
//
// For given exponents the law is linear in E, A and B: least squares. The exponents are
// those of a grid, made finer and finer, at which the misfit is least. As Hoffmann et
// al. (2022) do, the misfit is a sum of Huber's function of relative errors r, r^2/2
// near 0 and delta (|r| - delta/2) beyond delta, so that one bad run does not decide;
// that is least squares again, with a weight of min(1, delta / |r|) for each run,
// repeated.
//
// How sure is it? Fit it again, to as many runs drawn from the same with replacement,
// many times over: the spread of the answers is an estimate of their error (the
// bootstrap; Efron, 1979).
#pragma once
#include "ch04_pretrain/scaling.h"
#include "common/numeric/rng.h"

typedef struct {
    Budget budget;
    double loss;
} ScalingRun;

// The law of least misfit. floor: a known E, or NAN. At least 6 runs, of 3 different N
// and D at least.
ScalingLaw scaling_fit(const ScalingRun *runs, int count, double floor);
// By the law, relative to what was measured.
double scaling_error(const ScalingLaw *l, const ScalingRun *run);
double scaling_misfit(const ScalingLaw *l, const ScalingRun *runs, int count);

// What each of `times` bootstrap fits says.
void scaling_fit_again(ScalingLaw *fits, int times, const ScalingRun *runs, int count,
                       double floor, const Rng *rng);
