// A learner's rate, read off its steps: where a gradient stays the same, AdamW moves each
// number by the rate.
#include <criterion/criterion.h>
#include <math.h>

#include "ch03_transformer/tests/gradients.h"
#include "ch05_sft_rlhf/learner.h"
#include "ch05_sft_rlhf/tests/small.h"

enum { STEPS = 20, WARMUP = 4 };
static const double RATE = 0.1, LAST = 0.01;

// How far a number moved at each step.
static void moves_of(double *moves) {
    Model m;
    small_model(&m, 1);
    Learner l = learner_new(
        &m, (LearnerSettings){
                .rate = RATE, .last_rate = LAST, .warmup = WARMUP, .steps = STEPS});
    const real *number = m.params.values;
    for (int i = 0; i < STEPS; i++) {
        double before = (double)*number;
        learner_step(&l, random_loss(l.tape, param(l.tape, 0)));
        moves[i] = fabs((double)*number - before);
    }
    learner_free(&l), model_free(&m);
}

static double half_cosine(double done) {
    return LAST + (RATE - LAST) * (1 + cos(M_PI * done)) / 2;
}

Test(learner, the_rate_rises_and_falls) {
    double moves[STEPS];
    moves_of(moves);
    for (int t = 1; t <= STEPS; t++) {
        double rate = t <= WARMUP
                          ? RATE * t / WARMUP
                          : half_cosine((double)(t - WARMUP) / (STEPS - WARMUP));
        // AdamW's epsilon of 1e-8 beside a gradient of some 1e-3
        cr_assert_float_eq(moves[t - 1], rate, 1e-5, "step %d: %g for %g", t,
                           moves[t - 1], rate);
    }
}
