// The policy gradient from draws: unbiased with any baseline, and how noisy. Lecture,
// section 5.6.
//
//     g^ = mean over answers of sum_t (R_t - b_t) grad ln pi(token t)          E g^ = grad J
//
// The exact gradient is a sum over all answers. Batches of answers are laid beside it:
// with no baseline, with V of the prompt, with V of every prefix. Their noise is a
// share 1/n of one answer's, which is a sum over all answers too. All rewards are
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

// The gradient of the answers in d is left in the policy's grads; its squared length.
static double gradient(Ppo *p, const Draws *d) {
    Params *params = &p->policy->params;
    int clipped;
    params_zero_grads(params);
    Experience e = ppo_experience(p, d->answers, d->rewards, d->count, d->values);
    tape_backward(p->tape, ppo_loss(p->tape, p, &e, 0, &clipped));
    tape_reset(p->tape), experience_free(&e);
    return dot(params->grads, params->grads, params->grad_size);
}

typedef struct {
    Baseline baseline;
    double beta, shift;
} Rule;

static double risen(const Rule *r) {
    return r->baseline == BASELINE_NONE ? 0 : r->shift;
}

static Errors measure(Enumerated *x, const real *exact, const Rule *r, int size,
                      int batches, Rng rng) {
    Params *params = &x->policy.params;
    size_t n = params->grad_size;
    double length = dot(exact, exact, n);
    Ppo p = enumerated_ppo(x, NULL, plain(r->beta));
    Draws d = draws_new(x, size);
    Errors errors = {0};
    for (int i = 0; i < batches; i++) {
        draws_fill(&d, x, r->baseline, r->beta, &rng);
        raise(&d, risen(r), r->shift);
        double square = gradient(&p, &d), along = dot(params->grads, exact, n);
        mean_add(&errors.along, along / length);
        mean_add(&errors.noise, (square - 2 * along + length) / length);
    }
    params_zero_grads(params), draws_free(&d), ppo_free(&p);
    return errors;
}

// The noise of one answer, by a sum over all. Answers are drawn in turn for each
// prompt, so it is the mean over prompts of E |g|^2 - |E g|^2.
static double exact_noise(Enumerated *x, const real *exact, const Rule *r) {
    const Enumerable *e = &x->space;
    Params *params = &x->policy.params;
    size_t n = params->grad_size;
    Ppo p = enumerated_ppo(x, NULL, plain(r->beta));
    Draws d = draws_new(x, 1);
    real *mean = allocate(n, sizeof *mean);
    double noise = 0;
    for (int i = 0; i < e->size; i++) {
        if (i % e->answers == 0) memset(mean, 0, n * sizeof *mean);
        double share = draws_fill_with(&d, x, r->baseline, r->beta, i);
        raise(&d, risen(r), r->shift);
        noise += share * gradient(&p, &d);
        for (size_t k = 0; k < n; k++) mean[k] += (real)share * params->grads[k];
        if (i % e->answers == e->answers - 1) noise -= dot(mean, mean, n);
    }
    params_zero_grads(params), free(mean), draws_free(&d), ppo_free(&p);
    return noise / e->prompts / dot(exact, exact, n);
}

static void claim_unbiased(Lab *lab, Errors errors[BASELINES][SIZES]) {
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
}

// Of all batches of a baseline, in units of what one answer's noise, spread over as
// many, would be: n times the noise of n answers has one mean for all n.
static Mean noise_per_answer(const Errors of[SIZES], double unit) {
    Mean all = {0};
    for (int k = 0; k < SIZES; k++) {
        Mean noise = of[k].noise;
        double scale = sizes[k] / unit;
        noise.sum *= scale, noise.squares *= scale * scale;
        mean_join(&all, noise);
    }
    return all;
}

static void claim_noise(Lab *lab, Errors errors[BASELINES][SIZES],
                        const double one[BASELINES]) {
    Mean all = {0};
    for (int b = 0; b < BASELINES; b++)
        mean_join(&all, noise_per_answer(errors[b], one[b]));
    claim_near(lab, "5.53", "n times the noise of n answers / of one, mean", 1,
               mean_of(all), 5 * mean_error(all));
    Mean with = noise_per_answer(errors[BASELINE_PROMPT], 1),
         without = noise_per_answer(errors[BASELINE_NONE], 1);
    double sums = one[BASELINE_PROMPT] / one[BASELINE_NONE],
           ratio = mean_of(with) / mean_of(without),
           error = ratio
                   * hypot(mean_error(with) / mean_of(with),
                           mean_error(without) / mean_of(without));
    claim_near(lab, "5.54", "noise with V of the prompt / without", sums, ratio,
               5 * error);
    // the mean of rewards is near the shift, two of their deviations from 0: of a
    // second moment of 1 + 4 a fifth would be left, and half of it is far from that
    if (lab_at_defaults(lab))
        claim_at_most(lab, "5.54", "the same, by the sums", 0.5, sums);
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

static void draw(Lab *lab, Errors errors[BASELINES][SIZES],
                 const double one[BASELINES]) {
    Plot *p = plot_new(lab, "reinforce",
                       "answers none prompt exact none_law prompt_law exact_law");
    for (int k = 0; k < SIZES; k++) {
        double row[1 + 2 * BASELINES] = {sizes[k]};
        for (int b = 0; b < BASELINES; b++) {
            row[1 + b] = mean_of(errors[b][k].noise);
            row[1 + BASELINES + b] = one[b] / sizes[k];
        }
        plot_row_values(p, row);
    }
    plot_axes(p, "answers per batch", "|g - grad J|^2 / |grad J|^2");
    plot_set(p, "logscale xy");
    plot_line(p, "answers", "none_law", "no baseline, by sums");
    plot_line(p, "answers", "prompt_law", "V of the prompt, by sums");
    plot_line(p, "answers", "exact_law", "V of every prefix, by sums");
    plot_points(p, "answers", "none", "no baseline, drawn");
    plot_points(p, "answers", "prompt", "V of the prompt, drawn");
    plot_points(p, "answers", "exact", "V of every prefix, drawn");
    plot_end(p);
}

static void run(Lab *lab) {
    int batches = (int)option_int(&lab->args, "batches", 2, 1000000);
    double beta = option_real(&lab->args, "beta", 0, 100);
    double shift = option_real(&lab->args, "shift", -100, 100);
    Errors errors[BASELINES][SIZES];
    double one[BASELINES];
    Enumerated x;
    EnumeratedShape shape = enumerated_shape();
    shape.longest = 3;  // 80 answers, whose gradients are summed one by one
    enumerated_new(&x, shape, rng_split(&lab->rng, 0));
    real *exact = allocate(x.policy.params.grad_size, sizeof *exact);
    exact_gradient(&x, beta, exact);
    for (int b = 0; b < BASELINES; b++) {
        Rule rule = {(Baseline)b, beta, shift};
        one[b] = exact_noise(&x, exact, &rule);
        for (int k = 0; k < SIZES; k++) {
            Rng rng = rng_split(&lab->rng, (uint64_t)(1 + b * SIZES + k));
            errors[b][k] = measure(&x, exact, &rule, sizes[k], batches, rng);
            lab_progress(lab, b * SIZES + k + 1, BASELINES * SIZES);
        }
    }
    claim_unbiased(lab, errors), claim_noise(lab, errors, one);
    claim_at_optimum(lab, &x, fmax(beta, 0.01));
    draw(lab, errors, one);
    free(exact), enumerated_free(&x);
}

const LabSpec lab_reinforce = {"reinforce", "5.6",
                               "A gradient from draws, and its noise", run, options};
