// Best of n and GRPO on the frontier of the enumerable problem. Lecture, section 5.14.
//
// Of 242 answers every probability and reward is known. Best of n is a law, not a
// sample; GRPO is trained with its own draws, and what it is after each step is summed
// exactly.
#include <math.h>
#include <stdlib.h>

#include "ch05_sft_rlhf/best_of_n.h"
#include "ch05_sft_rlhf/enumerated.h"
#include "ch05_sft_rlhf/grpo.h"
#include "ch05_sft_rlhf/optimal_policy.h"
#include "common/program/plot.h"

static const Option options[] = {{"steps", "40", "of GRPO"},
                                 {"group", "32", "answers to each prompt"},
                                 {"rate", "3e-3", "the learning rate"},
                                 {"beta", "0.3", "of GRPO's KL term"},
                                 {0}};

typedef struct {
    double kl, reward, frontier;
} Point;

// Of a policy whose answers have these log-probabilities: means over prompts.
static Point point_of(const Enumerated *x, const double *log_p) {
    const Enumerable *e = &x->space;
    Point at = {0};
    for (int first = 0; first < e->size; first += e->answers) {
        at.kl += policy_kl(log_p + first, x->log_ref + first, e->answers) / e->prompts;
        at.reward +=
            policy_mean(log_p + first, e->reward + first, e->answers) / e->prompts;
    }
    at.frontier = enumerable_frontier(x->log_ref, at.kl, e);
    return at;
}

static Point best_of(const Enumerated *x, double n) {
    const Enumerable *e = &x->space;
    size_t size = (size_t)e->size;
    double *p = allocate(size, sizeof *p), *q = allocate(size, sizeof *q);
    for (int i = 0; i < e->size; i++) p[i] = exp(x->log_ref[i]);
    for (int first = 0; first < e->size; first += e->answers)
        best_of_law(q + first, p + first, e->reward + first, e->answers, n);
    for (int i = 0; i < e->size; i++) q[i] = log(q[i]);
    Point at = point_of(x, q);
    free(p), free(q);
    return at;
}

// draws come prompt by prompt in turn; groups want them together
static void gather(Draws *d, int prompts) {
    const Exchange **answers = allocate((size_t)d->count, sizeof *answers);
    double *rewards = allocate((size_t)d->count, sizeof *rewards);
    int size = d->count / prompts;
    for (int i = 0; i < d->count; i++) {
        int to = i % prompts * size + i / prompts;
        answers[to] = d->answers[i], rewards[to] = d->rewards[i];
    }
    free(d->answers), free(d->rewards);
    d->answers = answers, d->rewards = rewards;
}

// The highest of all points above the frontier; rows of the figure.
static double train(Lab *lab, Enumerated *x, Plot *plot) {
    int steps = (int)option_int(&lab->args, "steps", 1, 100000);
    double rate = option_real(&lab->args, "rate", 1e-6, 1), above = -INFINITY;
    GrpoSettings s = grpo_defaults();
    s.prompts = x->space.prompts,
    s.size = (int)option_int(&lab->args, "group", 2, 10000);
    s.beta = option_real(&lab->args, "beta", 0, 100);
    Ppo p = grpo_new(&x->policy, &x->reference, &s);
    p.hidden = enumerable_hidden_of, p.context = &x->space;
    for (int k = 0; k < steps; k++) {
        Draws d = draws_new(x, s.prompts * s.size);
        draws_fill(&d, x, BASELINE_NONE, 1, &lab->rng), gather(&d, s.prompts);
        grpo_step(&p, &s, d.answers, d.rewards, rate);
        draws_free(&d);
        enumerated_measure(x, 1);
        Point at = point_of(x, x->log_p);
        above = nan_max(above, at.reward - at.frontier);
        plot_row(plot, at.kl, NAN, NAN, at.reward);
        lab_progress(lab, k + 1, steps);
    }
    ppo_free(&p);
    return above;
}

static void run(Lab *lab) {
    enum { DOUBLINGS = 10, POINTS = 60 };
    static Enumerated x;
    double above = -INFINITY, beyond = -INFINITY, first = NAN;
    enumerated_new(&x, enumerated_shape(), rng_split(&lab->rng, 0));
    Plot *plot = plot_new(lab, "best_of_frontier", "kl frontier best_of_n grpo");
    for (int i = 0; i <= POINTS; i++) {
        double kl = 5.6 * i / POINTS;
        plot_row(plot, kl, enumerable_frontier(x.log_ref, kl, &x.space), NAN, NAN);
    }
    for (int k = 0; k <= DOUBLINGS; k++) {
        Point at = best_of(&x, 1 << k);
        if (k == 1) first = at.frontier - at.reward;
        above = nan_max(above, at.reward - at.frontier);
        beyond = nan_max(beyond, at.kl - best_of_kl(1 << k));
        plot_row(plot, at.kl, NAN, at.reward, NAN);
        if (k % 2 == 0)
            lab_print(lab, "best of %4d: reward %.3f of %.3f at KL %.3f, at most %.3f",
                      1 << k, at.reward, at.frontier, at.kl, best_of_kl(1 << k));
    }
    // the frontier is found by bisection; sums of 242 terms
    const double rounding = 1e-9;
    claim_at_most(lab, "5.120", "best of 1 .. 1024: KL beyond ln n - (n - 1) / n",
                  rounding, beyond);
    claim_at_most(lab, "5.121", "best of 1 .. 1024: reward above the frontier",
                  rounding, above);
    claim_at_least(lab, "5.121", "best of 2: reward below the frontier", 0, first);
    claim_at_most(lab, "5.122", "GRPO, any step: reward above the frontier", rounding,
                  train(lab, &x, plot));
    plot_axes(plot, "KL from the reference, nats", "reward");
    plot_line(plot, "kl", "frontier", "the most that a distance allows");
    plot_points(plot, "kl", "best_of_n", "best of 1, 2, 4 .. 1024");
    plot_points(plot, "kl", "grpo", "GRPO, step by step");
    plot_end(plot);
    enumerated_free(&x);
}

const LabSpec lab_best_of_frontier = {
    "best-of-frontier", "5.14", "Best of n and GRPO on the frontier", run, options};
