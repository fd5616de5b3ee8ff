// Weight decay: in the loss, or beside it. Lecture, section 3.9.
//
// A weight w with gradients +s, -s at random, and a twin with the opposite ones: in the
// mean of the two the noise cancels, and what decays is left, by a factor 1 - lr decay
// rate a step with
//
//     SGD, decay in the gradient  rate = 1      w' = w - lr (g + decay w): linear
//     AdamW                       rate = 1      the decay never meets 1 / sqrt(v)
//     Adam + L2                   rate = 1 / s
//                                             decay w is divided by sqrt(v) = s like the rest of the gradient
//
// Loshchilov, Hutter (2017), arXiv:1711.05101.
#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/optimiser.h"
#include "common/error.h"
#include "common/numeric/fit.h"
#include "common/program/plot.h"

static const Option options[] = {{"steps", "3000", "steps of each run"},
                                 {"pairs", "256", "weights and twins of each scale"},
                                 {0}};

// s = 1, 10^0.5, ... 10^4; and weights without any gradient
enum { SCALES = 9, STILL = SCALES };
static const double RATE = 1e-3, DECAY = 0.1;

static double scale_of(int k) { return pow(10, 0.5 * k); }

// Gradients of one step: rows of weights +s sign, rows of twins -s sign. The last
// parameter's stay 0.
static void draw_gradients(const Params *p, Rng *rng, real *sign, int pairs) {
    for (int i = 0; i < pairs; i++) sign[i] = rng_bits(rng) >> 63 ? 1 : -1;
    for (int k = 0; k < SCALES; k++) {
        Mat g = params_grad(p, k);
        real s = (real)scale_of(k);
        for (int i = 0; i < pairs; i++)
            g.at[i] = s * sign[i], g.at[pairs + i] = -g.at[i];
    }
}

// mean[k]: the mean of all weights of scale k after `steps`, from 1.
static void decayed(double *mean, Rng rng, OptimiserKind kind, int steps, int pairs) {
    Params p = {0};
    real *sign = allocate((size_t)pairs, sizeof *sign);
    for (int k = 0; k <= STILL; k++)
        params_add(&p, 2, pairs, constant(1), "scale.%d", k);
    params_allocate(&p), params_allocate_grads(&p), params_init(&p, &rng);
    Optimiser o = optimiser_new(&p, (OptimiserSettings){.kind = kind, .decay = DECAY});
    for (int t = 0; t < steps; t++)
        draw_gradients(&p, &rng, sign, pairs), optimiser_step(&o, &p, RATE);
    for (int k = 0; k <= STILL; k++) {
        Mat w = params_value(&p, k);
        mean[k] = 0;
        for (int i = 0; i < 2 * pairs; i++) mean[k] += w.at[i] / (2.0 * pairs);
    }
    optimiser_free(&o), params_free(&p), free(sign);
}

static double rate_of(double mean, int steps) {
    return -log(mean) / (RATE * DECAY * steps);
}

// The slope of ln(rate) against ln(scale), over four decades.
static double exponent(const double *mean, int steps) {
    double scale[SCALES], rate[SCALES];
    for (int k = 0; k < SCALES; k++)
        scale[k] = scale_of(k), rate[k] = rate_of(mean[k], steps);
    return log_slope(scale, rate, NULL, SCALES, NULL);
}

// The largest |mean - predicted| over the scales, in terms of its bound. The noise
// makes w walk, `stride` a step and four times stride sqrt(steps) away from where it
// was, at most; each step rounds it by 2^-24 of that, independently: 5 standard errors
// of the mean of all.
static double worst(const double *mean, double predicted, bool by_scale, int steps,
                    int pairs) {
    double most = 0;
    for (int k = 0; k < SCALES; k++) {
        double stride = RATE * (by_scale ? scale_of(k) : 1),
               furthest = 1 + 4 * stride * sqrt(steps);
        most =
            nan_max(most, fabs(mean[k] - predicted)
                              / (5 * furthest * 0x1p-24 * sqrt(steps / (2.0 * pairs))));
    }
    return most;
}

static void run(Lab *lab) {
    int steps = (int)option_int(&lab->args, "steps", 500, 10000);
    int pairs = (int)option_int(&lab->args, "pairs", 16, 1024);
    double sgd[STILL + 1], adamw[STILL + 1], l2[STILL + 1],
        decay = pow(1 - RATE * DECAY, steps);
    decayed(sgd, lab->rng, OPTIMISER_SGD, steps, pairs);
    decayed(adamw, lab->rng, OPTIMISER_ADAMW, steps, pairs);
    decayed(l2, lab->rng, OPTIMISER_ADAM_L2, steps, pairs);
    // One rounding a step.
    claim_near(lab, "3.64", "AdamW, no gradient: w = (1 - lr decay)^t", decay,
               adamw[STILL], steps * 0x1p-24);
    claim_at_most(lab, "3.64", "AdamW, all scales: mean w off that, worst over bound",
                  1, worst(adamw, decay, false, steps, pairs));
    claim_at_most(lab, "3.64", "SGD, all scales: mean w off that, worst over bound", 1,
                  worst(sgd, decay, true, steps, pairs));
    // At s = 1 sqrt(v) is larger by (decay w / s)^2 / 2 = 0.5 %; at s = 10^4 roundings,
    // 5 standard errors of them as above, stand beside the little that has decayed.
    // Both pull at the ends of a line: 2 decades over 15 decades^2.
    double left = 0.5e-2, right = 5 * 0x1p-24 * sqrt(steps / (2.0 * pairs))
                                  / (RATE * DECAY * steps / scale_of(SCALES - 1));
    claim_near(lab, "3.64", "Adam + L2: exponent of the rate by s", -1,
               exponent(l2, steps), (left + right) * 2 / (15 * M_LN10));
    Plot *p = plot_new(lab, "decay", "scale sgd adamw l2 one inverse");
    for (int k = 0; k < SCALES; k++)
        plot_row(p, scale_of(k), rate_of(sgd[k], steps), rate_of(adamw[k], steps),
                 rate_of(l2[k], steps), 1, 1 / scale_of(k));
    plot_axes(p, "s: scale of the gradients", "rate of decay / (lr decay)");
    plot_set(p, "logscale xy"), plot_set(p, "format xy \"10^{%%T}\""),
        plot_set(p, "yrange [5e-5:3]");
    plot_line(p, "scale", "one", "1"), plot_line(p, "scale", "inverse", "1 / s");
    plot_points(p, "scale", "adamw", "AdamW"), plot_points(p, "scale", "sgd", "SGD"),
        plot_points(p, "scale", "l2", "Adam + L2");
    plot_end(p);
}

const LabSpec lab_decay = {"decay", "3.9",
                           "Weight decay beside the gradient, and in it", run, options};
