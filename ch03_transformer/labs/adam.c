// Adam's step: how long is it? Lecture, section 3.9.
//
//     first step          lr |g| / (|g| + epsilon): the gradient's size does not matter
//     gradients times c   the same steps, but for epsilon
//     one gradient at t after zeros:          lr C_t (1 - b1) / sqrt(1 - b2),
//                                                                           C_t = sqrt(1 - b2^t) / (1 - b1^t)
//     gradients (b1/b2)^(t-j), j = 1 .. t:    that times sqrt((1 - q^t) / (1 - q)),
//                                                                            q = b1^2 / b2: the most there is
//
// The latter is the Cauchy-Schwarz inequality, m^2 <= (1 - b1)^2 (sum q^j) (sum b2^j
// g^2). Kingma and Ba (2014), section 2.1, give the former without C_t as a bound, 3.16
// lr: gradients that grow by 11 % a step exceed it.
#include <math.h>
#include <string.h>

#include "ch03_transformer/optimiser.h"
#include "common/program/plot.h"

static const Option options[] = {{"steps", "10000", "the last step looked at"}, {0}};

// Adam's defaults
static const double RATE = 1e-3, BETA1 = 0.9, BETA2 = 0.999, EPSILON = 1e-8;

typedef struct {
    Params params;
    Optimiser optimiser;
} Adam;

static Adam adam_new(int numbers) {
    Adam a = {0};
    params_add(&a.params, 1, numbers, constant(0), "w");
    params_allocate(&a.params), params_allocate_grads(&a.params);
    a.optimiser = optimiser_new(&a.params, (OptimiserSettings){.kind = OPTIMISER_ADAM});
    return a;
}

static void adam_free(Adam *a) {
    optimiser_free(&a->optimiser), params_free(&a->params);
}

// The first step for gradients from 1e-14 to 1e14, against the formula: worst relative
// error.
static double first_step_error(void) {
    enum { SIZES = 29 };
    Adam a = adam_new(2 * SIZES);
    for (int i = 0; i < 2 * SIZES; i++)
        a.params.grads[i] = (real)((i % 2 ? -1 : 1) * pow(10, i / 2 - SIZES / 2));
    optimiser_step(&a.optimiser, &a.params, RATE);
    double worst = 0;
    for (int i = 0; i < 2 * SIZES; i++) {
        double g = (double)a.params.grads[i];
        worst = nan_max(
            worst, fabs(a.params.values[i] / (-RATE * g / (fabs(g) + EPSILON)) - 1));
    }
    adam_free(&a);
    return worst;
}

// 1000 steps with random gradients of sizes 1 to 2, and with `scale` times these: how
// many of all steps differ in a bit.
static int different_steps(Rng rng, real scale) {
    enum { NUMBERS = 64, STEPS = 1000 };
    Adam a = adam_new(NUMBERS), b = adam_new(NUMBERS);
    int different = 0;
    for (int t = 0; t < STEPS; t++) {
        for (int i = 0; i < NUMBERS; i++) {
            a.params.grads[i] =
                (real)((rng_below(&rng, 2) ? 1 : -1) * (1 + rng_uniform(&rng)));
            b.params.grads[i] = scale * a.params.grads[i];
        }
        optimiser_step(&a.optimiser, &a.params, RATE),
            optimiser_step(&b.optimiser, &b.params, RATE);
        for (int i = 0; i < NUMBERS; i++)
            different +=
                memcmp(&a.params.values[i], &b.params.values[i], sizeof(real)) != 0;
    }
    adam_free(&a), adam_free(&b);
    return different;
}

// ---- the longest step

enum { MOST_TIMES = 64, HISTORY = 120 };  // HISTORY: q^120 = 1e-11

static double correction(double t) {
    return sqrt(1 - pow(BETA2, t)) / (1 - pow(BETA1, t));
}

// The predicted step at t, in lr, after gradients that grew for n steps.
static double longest(double t, int n) {
    double q = BETA1 * BETA1 / BETA2;
    return correction(t) * (1 - BETA1) / sqrt(1 - BETA2)
           * sqrt((1 - pow(q, n)) / (1 - q));
}

// step[i] and step[times + i]: the step at time[i] of a number whose gradients are 0
// until then, or that have grown for HISTORY steps, 1000 (b1/b2)^(time[i] - j) at step
// j. (1000: epsilon is no more than 3e-10 of sqrt(v^).)
static void steps_at(double *step, const int *time, int times) {
    Adam a = adam_new(2 * times);
    for (int t = 1; t <= time[times - 1]; t++) {
        for (int i = 0; i < 2 * times; i++) {
            int ago = time[i % times] - t, history = i < times ? 1 : HISTORY;
            a.params.grads[i] =
                (real)(0 <= ago && ago < history ? 1000 * pow(BETA1 / BETA2, ago) : 0);
            if (ago == 0) a.params.values[i] = 0;  // no rounding of what came before
        }
        optimiser_step(&a.optimiser, &a.params, RATE);
        for (int i = 0; i < 2 * times; i++)
            if (time[i % times] == t) step[i] = -(double)a.params.values[i] / RATE;
    }
    adam_free(&a);
}

static int times_up_to(int *time, int last) {
    int n = 0;
    for (double t = 1; t < last && n < MOST_TIMES - 1; t = ceil(t * 1.25))
        time[n++] = (int)t;
    time[n++] = last;
    return n;
}

static void run(Lab *lab) {
    int last = (int)option_int(&lab->args, "steps", 1000, 100000), time[MOST_TIMES],
        times = times_up_to(time, last);
    // m, v, their constants, the root, the quotient and two products: 8 roundings.
    claim_near(lab, "3.62", "first step / its formula - 1, gradients 1e-14 to 1e14", 0,
               first_step_error(), 8 * 0x1p-24);
    // Powers of two change no rounding, and 1e-8 vanishes beside gradients of size 1 in
    // a float.
    claim_equal(lab, "3.62", "gradients x 2^30: steps of 64000 that differ", 0,
                different_steps(lab->rng, 0x1p30f));
    // Gradients of 1e-9 are below epsilon: no step is the same.
    claim_equal(lab, "3.62", "gradients x 2^-30, below epsilon: that differ", 64000,
                different_steps(lab->rng, 0x1p-30f));
    double lone[2 * MOST_TIMES], *growing = lone + times, lone_off = 0, growing_off = 0,
                                 most = 0;
    steps_at(lone, time, times);
    Plot *p = plot_new(lab, "adam",
                       "step lone growing lone_formula growing_formula kingma_ba");
    const double published = (1 - BETA1) / sqrt(1 - BETA2);
    for (int i = 0; i < times; i++) {
        double by_lone = longest(time[i], 1),
               by_growing = longest(time[i], time[i] < HISTORY ? time[i] : HISTORY);
        lone_off = nan_max(lone_off, fabs(lone[i] / by_lone - 1));
        growing_off = nan_max(growing_off, fabs(growing[i] / by_growing - 1));
        most = nan_max(most, growing[i]);
        plot_row(p, time[i], lone[i], growing[i], by_lone, by_growing, published);
    }
    // As above; and m forgets in 10 steps, v in more than the 120 there are: two
    // roundings a step, halved by the root.
    claim_near(lab, "3.63", "one gradient after zeros: step / formula - 1, worst", 0,
               lone_off, 8 * 0x1p-24);
    claim_near(lab, "3.63", "growing gradients: step / formula - 1, worst", 0,
               growing_off, (8 + 2 * 10 + HISTORY) * 0x1p-24);
    claim_at_least(lab, "3.63", "longest step / lr: above the published bound",
                   published, most);
    plot_axes(p, "step t", "length of step t / lr");
    plot_set(p, "logscale x"), plot_set(p, "xrange [1:%d]", last),
        plot_set(p, "yrange [0:8]");
    plot_line(p, "step", "lone_formula", "one gradient: formula"),
        plot_line(p, "step", "growing_formula", "the most there is");
    plot_dashes(p, "step", "kingma_ba", "0.1 / sqrt(0.001)");
    plot_points(p, "step", "lone", "one gradient after zeros"),
        plot_points(p, "step", "growing", "gradients growing by 11 %");
    plot_end(p);
}

const LabSpec lab_adam = {"adam", "3.9", "How long a step of Adam is", run, options};
