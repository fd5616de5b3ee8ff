// The policy gradient from draws: unbiased with any baseline, and how noisy. Lecture,
// section 5.6.
//
//     g^ = mean over answers of sum_t (R_t - b_t) grad ln pi(token t)          E g^ = grad J
//
// The exact gradient is a sum over all answers. Batches of answers are laid beside it:
// with no baseline, with V of the prompt, with V of every prefix. All rewards are
// raised by the same number, which no best policy depends on: baselines rise with them,
// and without one it is noise.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/enumerated.h"
#include "ch05_sft_rlhf/kl_placement.h"
#include "ch05_sft_rlhf/optimal_policy.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

static const Option options[] = {{"batches", "80", "of each size and baseline"},
                                 {"beta", "0.2", "of the KL term"},
                                 {"shift", "2", "added to every reward"},
                                 {0}};

enum { SIZES = 4 };
static const int sizes[SIZES] = {8, 32, 128, 512};

typedef struct {
    Mean along;  // <g^, grad J> / |grad J|^2
    Mean noise;  // |g^ - grad J|^2 / |grad J|^2
} Errors;

static double dot(const real *a, const real *b, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)a[i] * (double)b[i];
    return sum;
}

// grad J: the descent's loss is -J but for what does not move with the policy.
static void exact_gradient(Enumerated *x, double beta, real *to) {
    Params *p = &x->policy.params;
    Tape *t = tape_new(p);
    tape_backward(t, placement_loss(t, &x->policy, PLACEMENT_REWARD, x->ref_tokens,
                                    beta, &x->space));
    memcpy(to, p->grads, p->grad_size * sizeof *to);
    params_zero_grads(p), tape_free(t);
}

static PpoSettings plain(double beta) {
    PpoSettings s = ppo_defaults();
    s.beta = beta, s.gae.lambda = 1, s.advantages = ADVANTAGE_PLAIN;
    s.clip = INFINITY, s.epochs = s.minibatches = 1;
    return s;
}

static void raise(Draws *d, double baseline, double shift) {
    for (int i = 0, at = 0; i < d->count; i++) {
        d->rewards[i] += shift;
        for (int t = exchange_counted(d->answers[i]); t > 0; t--)
            d->values[at++] += baseline;
    }
}

static Errors measure(Enumerated *x, const real *exact, Baseline baseline, double beta,
                      double shift, int size, int batches, Rng rng) {
    Params *params = &x->policy.params;
    size_t n = params->grad_size;
    double length = dot(exact, exact, n);
    Ppo p = enumerated_ppo(x, NULL, plain(beta));
    Draws d = draws_new(x, size);
    Errors errors = {0};
    for (int i = 0; i < batches; i++) {
        int clipped;
        draws_fill(&d, x, baseline, beta, &rng);
        raise(&d, baseline == BASELINE_NONE ? 0 : shift, shift);
        Experience e = ppo_experience(&p, d.answers, d.rewards, d.count, d.values);
        tape_backward(p.tape, ppo_loss(p.tape, &p, &e, 0, &clipped));
        double along = dot(params->grads, exact, n),
               square = dot(params->grads, params->grads, n);
        mean_add(&errors.along, along / length);
        mean_add(&errors.noise, (square - 2 * along + length) / length);
        params_zero_grads(params), tape_reset(p.tape), experience_free(&e);
    }
    draws_free(&d), ppo_free(&p);
    return errors;
}

static void claim(Lab *lab, Errors errors[BASELINES][SIZES]) {
    for (int b = 0; b < BASELINES; b++) {
        double worst = 0;
        char what[96];
        for (int k = 0; k < SIZES; k++) {
            Mean along = errors[b][k].along;
            worst = nan_max(worst, fabs(mean_of(along) - 1) / mean_error(along));
        }
        snprintf(what, sizeof what, "baseline %s: mean gradient, standard errors off",
                 baseline_names[b]);
        claim_at_most(lab, "5.52", what, 5, worst);
    }
    // noise of a mean: 64 times the answers, 64 times less of it
    Mean few = errors[BASELINE_PROMPT][0].noise,
         many = errors[BASELINE_PROMPT][3].noise;
    double ratio = mean_of(few) / mean_of(many);
    double error =
        ratio * hypot(mean_error(few) / mean_of(few), mean_error(many) / mean_of(many));
    claim_near(lab, "5.53", "noise of 8 answers / noise of 512", 64, ratio, 5 * error);
    // the mean of rewards is near the shift, two of their deviations from 0
    if (lab_at_defaults(lab))
        claim_at_most(lab, "5.54", "128 answers: noise with V of the prompt / without",
                      1,
                      mean_of(errors[BASELINE_PROMPT][2].noise)
                          / mean_of(errors[BASELINE_NONE][2].noise));
}

// pi* prefix by prefix, and V = beta ln Z(prefix), from the ends of answers backwards.
static void optimum(double *tokens, double *value, const Enumerated *x, double beta) {
    const Enumerable *e = &x->space;
    int ids = e->symbols + 1;
    double *q = allocate((size_t)ids, sizeof *q);
    for (int i = e->size - 1; i >= 0; i--) {
        int k = i % e->answers, p = i / e->answers;
        if (k >= e->inner) value[i] = e->reward[i];
        if (k >= e->inner) continue;
        size_t row = (size_t)(p * e->inner + k) * (size_t)ids;
        for (int id = 0; id < ids; id++)
            q[id] =
                id == e->end ? e->reward[i] : value[i - k + e->symbols * k + 1 + id];
        value[i] =
            beta * optimal_policy(tokens + row, x->ref_tokens + row, q, beta, ids);
    }
    free(q);
}

// At pi*, ln (pi* / ref) = (V(next) - V) / beta: the KL term takes back what V gains.
// rewards, values: of the tokens of answer i.
static double largest_advantage(const Enumerated *x, const double *tokens,
                                const double *value, double beta, Baseline baseline) {
    const Enumerable *e = &x->space;
    double largest = 0;
    for (int i = 0; i < e->size; i++) {
        double rewards[8], values[8], advantages[8];
        const Exchange *a = &x->all[i];
        int first = i / e->answers, node = 0, n = exchange_counted(a);
        for (int t = 0; t < n; t++) {
            int id = a->ids[a->prompt + t],
                at = (first * e->inner + node) * (e->symbols + 1) + id;
            rewards[t] = -beta * (tokens[at] - x->ref_tokens[at]);
            values[t] =
                value[first * e->answers + (baseline == BASELINE_EXACT ? node : 0)];
            node = e->symbols * node + 1 + id;
        }
        rewards[n - 1] += e->reward[i];
        gae(advantages, NULL, rewards, values, n, 0, (GaeSettings){1, 1});
        for (int t = 0; t < n; t++) largest = nan_max(largest, fabs(advantages[t]));
    }
    return largest;
}

static void claim_at_optimum(Lab *lab, const Enumerated *x, double beta) {
    double *tokens = allocate(enumerable_edges(&x->space), sizeof *tokens),
           *value = allocate((size_t)x->space.size, sizeof *value);
    optimum(tokens, value, x, beta);
    // sums of five numbers below 10
    claim_near(lab, "5.55", "at pi*, V of every prefix: largest advantage", 0,
               largest_advantage(x, tokens, value, beta, BASELINE_EXACT), 1e-13);
    claim_at_least(lab, "5.55", "at pi*, V of the prompt alone: largest advantage", 0.1,
                   largest_advantage(x, tokens, value, beta, BASELINE_PROMPT));
    free(tokens), free(value);
}

static void draw(Lab *lab, Errors errors[BASELINES][SIZES]) {
    Plot *p = plot_new(lab, "reinforce", "answers none prompt exact law");
    double at_8 = mean_of(errors[BASELINE_PROMPT][0].noise);
    for (int k = 0; k < SIZES; k++)
        plot_row(p, sizes[k], mean_of(errors[BASELINE_NONE][k].noise),
                 mean_of(errors[BASELINE_PROMPT][k].noise),
                 mean_of(errors[BASELINE_EXACT][k].noise), at_8 * sizes[0] / sizes[k]);
    plot_axes(p, "answers per batch", "|g - grad J|^2 / |grad J|^2");
    plot_set(p, "logscale xy");
    plot_line(p, "answers", "law", "1 / answers");
    plot_points(p, "answers", "none", "no baseline");
    plot_points(p, "answers", "prompt", "V of the prompt");
    plot_points(p, "answers", "exact", "V of every prefix");
    plot_end(p);
}

static void run(Lab *lab) {
    int batches = (int)option_int(&lab->args, "batches", 2, 1000000);
    double beta = option_real(&lab->args, "beta", 0, 100);
    double shift = option_real(&lab->args, "shift", -100, 100);
    Errors errors[BASELINES][SIZES];
    Enumerated x;
    enumerated_new(&x, enumerated_shape(), rng_split(&lab->rng, 0));
    real *exact = allocate(x.policy.params.grad_size, sizeof *exact);
    exact_gradient(&x, beta, exact);
    for (int b = 0; b < BASELINES; b++)
        for (int k = 0; k < SIZES; k++) {
            errors[b][k] =
                measure(&x, exact, (Baseline)b, beta, shift, sizes[k], batches,
                        rng_split(&lab->rng, (uint64_t)(1 + b * SIZES + k)));
            lab_progress(lab, b * SIZES + k + 1, BASELINES * SIZES);
        }
    claim(lab, errors);
    claim_at_optimum(lab, &x, fmax(beta, 0.01));
    draw(lab, errors);
    free(exact), enumerated_free(&x);
}

const LabSpec lab_reinforce = {"reinforce", "5.6",
                               "A gradient from draws, and its noise", run, options};
