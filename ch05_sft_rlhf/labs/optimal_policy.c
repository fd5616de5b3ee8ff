// The optimal policy: what the reward is worth at a distance from the reference.
// Lecture, section 5.5.
//
//     J(pi) = E r - beta KL(pi || ref) = beta ln Z - beta KL(pi || pi*)
//
// Random policies, then a transformer that climbs J by its exact gradient.
#include "ch05_sft_rlhf/optimal_policy.h"

#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/enumerated.h"
#include "ch05_sft_rlhf/kl_placement.h"
#include "common/program/plot.h"

enum { POLICIES = 200, POINTS = 41 };
static const double LEAST = 0.05, GREATEST = 20;

static const Option options[] = {{"beta", "1", "the price of a nat of distance"},
                                 {"steps", "500", "steps of the transformer"},
                                 {"rate", "3e-3", "their learning rate"},
                                 {0}};

static void random_policies(double *log_p, const Enumerable *e, Rng *rng) {
    for (int i = 0; i < e->size; i++) log_p[i] = 3 * rng_normal(rng);
    for (int at = 0; at < e->size; at += e->answers) {
        double sum = log_sum(log_p + at, e->answers);
        for (int y = 0; y < e->answers; y++) log_p[at + y] -= sum;
    }
}

// Sums of 242 products of numbers below 10, in double: some 1e-14 each.
static void claim_identity(Lab *lab, Enumerated *x, double beta) {
    double worst = 0;
    for (int i = 0; i < POLICIES; i++) {
        random_policies(x->log_p, &x->space, &lab->rng);
        Measures m = enumerable_measure(x->log_p, x->log_ref, beta, &x->space);
        worst = nan_max(worst, fabs(m.objective - m.best + beta * m.to_star));
    }
    claim_near(lab, "5.40", "J - beta ln Z + beta KL(pi || pi*), 200 random policies",
               0, worst, 1e-12 * (1 + beta));
}

static Measures optimum_at(const Enumerated *x, double beta, double *star) {
    enumerable_optimum(star, x->log_ref, beta, &x->space);
    return enumerable_measure(star, x->log_ref, beta, &x->space);
}

static double reward_range(const Enumerable *e) {
    double least = INFINITY, most = -INFINITY;
    for (int i = 0; i < e->size; i++)
        least = fmin(least, e->reward[i]), most = fmax(most, e->reward[i]);
    return most - least;
}

// d(beta ln Z) / d beta = -KL(pi* || ref); and KL <= range^2 / 8 beta^2, as the
// variance of what lies in a range is at most range^2 / 4.
static void claim_slope_and_bound(Lab *lab, const Enumerated *x, double beta) {
    double *star = allocate((size_t)x->space.size, sizeof *star), h = 1e-4 * beta,
           worst = 0;
    double slope =
        (optimum_at(x, beta + h, star).best - optimum_at(x, beta - h, star).best)
        / (2 * h);
    // a central difference: h^2 / 6 times a third derivative of order 10 / beta^2
    claim_near(lab, "5.42", "d(beta ln Z) / d beta = -KL(pi* || ref)",
               -optimum_at(x, beta, star).kl, slope, 1e-6);
    for (int i = 0; i < POINTS; i++) {
        double b = LEAST * pow(GREATEST / LEAST, (double)i / (POINTS - 1));
        double bound = pow(reward_range(&x->space) / b, 2) / 8;
        worst = nan_max(worst, optimum_at(x, b, star).kl / bound);
    }
    claim_at_most(lab, "5.43", "KL(pi* || ref) / (range of r)^2 8^-1 beta^-2, largest",
                  1, worst);
    free(star);
}

static Node *climb(Tape *t, Enumerated *x, void *beta) {
    return placement_loss(t, &x->policy, PLACEMENT_REWARD, x->ref_tokens,
                          *(double *)beta, &x->space);
}

static Measures train(Lab *lab, Enumerated *x, double beta) {
    int steps = (int)option_int(&lab->args, "steps", 1, 100000);
    double rate = option_real(&lab->args, "rate", 1e-6, 1), worst = -INFINITY;
    Descent d = descent_new(x, (Schedule){rate, rate / 100, 0, steps});
    Measures m = {0};
    for (int i = 1; i <= steps; i++) {
        descent_step(&d, climb, &beta);
        if (i % 10 && i != steps) continue;
        m = enumerated_measure(x, beta);
        worst = nan_max(worst, m.objective - m.best);
        lab_progress_value(lab, i, steps, "J", m.objective);
    }
    claim_at_most(lab, "5.41", "J of a transformer that climbs it, above beta ln Z", 0,
                  worst);
    // not derived: what 500 steps reach; a program that climbs another hill is at 0.1
    if (lab_at_defaults(lab))
        claim_at_most(lab, "5.41", "at the end, total variation to pi*", 0.01,
                      m.total_variation);
    descent_free(&d);
    return m;
}

// J of the policy that always gives the best answer.
static double best_answer(const Enumerated *x, double beta) {
    const Enumerable *e = &x->space;
    double sum = 0;
    for (int at = 0; at < e->size; at += e->answers) {
        int best = at;
        for (int y = at; y < at + e->answers; y++)
            if (e->reward[y] > e->reward[best]) best = y;
        sum += (e->reward[best] + beta * x->log_ref[best]) / e->prompts;
    }
    return sum;
}

static void draw(Lab *lab, const Enumerated *x, double beta, Measures trained) {
    Plot *p =
        plot_new(lab, "optimal_policy", "beta best reference best_answer transformer");
    double *star = allocate((size_t)x->space.size, sizeof *star);
    double reference = enumerable_measure(x->log_ref, x->log_ref, 1, &x->space).reward;
    for (int i = 0; i < POINTS; i++) {
        double b = LEAST * pow(GREATEST / LEAST, (double)i / (POINTS - 1));
        double greedy = best_answer(x, b);
        plot_row(p, b, optimum_at(x, b, star).best, reference,
                 greedy > reference - 1 ? greedy : NAN, NAN);
    }
    plot_row(p, beta, NAN, NAN, NAN, trained.objective);
    plot_axes(p, "beta", "J = E r - beta KL(pi || ref)");
    plot_set(p, "logscale x");
    plot_line(p, "beta", "best", "pi*: beta ln Z");
    plot_dashes(p, "beta", "reference", "the reference");
    plot_dashes(p, "beta", "best_answer", "always the best answer");
    plot_points(p, "beta", "transformer", "a transformer, trained");
    plot_end(p), free(star);
}

static void run(Lab *lab) {
    double beta = option_real(&lab->args, "beta", 0.01, 100);
    Enumerated x;
    enumerated_new(&x, enumerated_shape(), rng_split(&lab->rng, 0));
    claim_identity(lab, &x, beta);
    Measures trained = train(lab, &x, beta);
    claim_slope_and_bound(lab, &x, beta);
    draw(lab, &x, beta, trained);
    enumerated_free(&x);
}

const LabSpec lab_optimal_policy = {
    "optimal-policy", "5.5", "The best policy at a price for distance", run, options};
