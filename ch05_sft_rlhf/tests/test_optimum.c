// The optimal policy, its identities, and the enumerable problem, against sums by hand.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/tests/gradients.h"
#include "ch05_sft_rlhf/enumerable.h"
#include "ch05_sft_rlhf/kl_placement.h"
#include "ch05_sft_rlhf/optimal_policy.h"
#include "ch05_sft_rlhf/policy.h"

enum { N = 6 };

static void random_policy(Rng *rng, double *log_p, int n) {
    for (int y = 0; y < n; y++) log_p[y] = 2 * rng_normal(rng);
    double sum = log_sum(log_p, n);
    for (int y = 0; y < n; y++) log_p[y] -= sum;
}

// Two answers, by hand: ref = (1/2, 1/2), r = (1, 0), beta = 1: pi* = (e, 1) / (1 + e).
Test(optimal_policy, by_hand) {
    double ref[] = {-log(2), -log(2)}, r[] = {1, 0}, star[2];
    double log_z = optimal_policy(star, ref, r, 1, 2);
    cr_assert_float_eq(exp(star[0]), 0.7310585786300049, 1e-15);
    cr_assert_float_eq(exp(star[1]), 0.2689414213699951, 1e-15);
    cr_assert_float_eq(log_z, log((1 + exp(1)) / 2), 1e-15);
    cr_assert_float_eq(policy_kl(star, ref, 2), 0.110944, 1e-6);
    cr_assert_float_eq(policy_total_variation(star, ref, 2), 0.231059, 1e-6);
}

// J(pi) = beta ln Z - beta KL(pi || pi*) for any pi; so none is better than pi*.
Test(optimal_policy, gap_is_a_divergence) {
    Rng rng = rng_new(3);
    for (int i = 0; i < 50; i++) {
        double ref[N], p[N], r[N], star[N], beta = exp(2 * rng_normal(&rng));
        random_policy(&rng, ref, N), random_policy(&rng, p, N);
        for (int y = 0; y < N; y++) r[y] = rng_normal(&rng);
        double best = beta * optimal_policy(star, ref, r, beta, N);
        double j = policy_objective(p, ref, r, beta, N);
        cr_assert_float_eq(j, best - beta * policy_kl(p, star, N), 1e-12 * (1 + beta));
        cr_assert_leq(j, best + 1e-12);
        cr_assert_float_eq(policy_objective(star, ref, r, beta, N), best, 1e-12);
    }
}

// Rewards of 1e4 / beta neither overflow nor vanish; what is never stays never.
Test(optimal_policy, extremes) {
    double ref[] = {-1, log1p(-exp(-1)), -INFINITY}, r[] = {1000, 0, 1e9}, star[3];
    optimal_policy(star, ref, r, 0.1, 3);
    cr_assert_float_eq(star[0], 0, 1e-12);
    cr_assert(isfinite(star[1]) && star[1] < -9000 && star[2] == -INFINITY);
    cr_assert_float_eq(policy_kl(star, ref, 3), 1, 1e-12);
}

// ---- where the KL term leads: each fixed point makes its own gradient vanish

static double projected_gradient(const double *log_p, const double *ref,
                                 const double *r, double beta,
                                 double (*slope)(double, double)) {
    double mean = 0, worst = 0;
    for (int y = 0; y < N; y++)
        mean += exp(log_p[y]) * (r[y] - beta * slope(log_p[y], ref[y]));
    for (int y = 0; y < N; y++)
        worst = fmax(
            worst, exp(log_p[y]) * fabs(r[y] - beta * slope(log_p[y], ref[y]) - mean));
    return worst;
}

Test(kl_placement, fixed_points) {
    Rng rng = rng_new(4);
    for (int i = 0; i < 20; i++) {
        double ref[N], r[N], p[N], star[N], beta = exp(rng_normal(&rng));
        random_policy(&rng, ref, N);
        for (int y = 0; y < N; y++) r[y] = rng_normal(&rng);
        k3_loss_fixed_point(p, ref, r, beta, N);
        cr_assert_float_eq(log_sum(p, N), 0, 1e-12);
        cr_assert_leq(projected_gradient(p, ref, r, beta, kl_estimators[KL_K3].slope),
                      1e-10);
        optimal_policy(star, ref, r, beta, N);
        cr_assert_leq(
            projected_gradient(star, ref, r, beta, kl_estimators[KL_K2].slope), 1e-12);
        cr_assert_gt(projected_gradient(star, ref, r, beta, kl_estimators[KL_K3].slope),
                     1e-6);
    }
}

// ---- the enumerable problem

typedef struct {
    Enumerable e;
    Model model;
} Setup;

static void setup_new(Setup *s) {
    Rng rng = rng_new(11);
    Error err;
    s->e = enumerable_new(3, 3, 2, rng);
    Config c = enumerable_config(&s->e, 16, 1);
    cr_assert(model_new(&s->model, &c, &err), "%s", err.text);
    model_allocate(&s->model, &rng);
    params_allocate_grads(&s->model.params);
}

static void setup_free(Setup *s) { model_free(&s->model), enumerable_free(&s->e); }

// 1 + 3 + 9 end by END, 27 are cut off; all differ, and their lengths are the
// exchanges'.
Test(enumerable, answers) {
    Setup s;
    char text[64][ENUMERABLE_TEXT];
    setup_new(&s);
    cr_assert_eq(s.e.inner, 13);
    cr_assert_eq(s.e.answers, 40);
    for (int a = 0; a < s.e.answers; a++) {
        Exchange x = enumerable_exchange(&s.e, 1, a);
        enumerable_text(&s.e, 1, a, text[a]);
        cr_assert_eq(exchange_counted(&x), enumerable_length(&s.e, a));
        cr_assert_eq(x.finished, a < 13);
        cr_assert_eq(x.finished, x.ids[x.length - 1] == s.e.end && x.length > x.prompt);
        for (int b = 0; b < a; b++) cr_assert_str_neq(text[a], text[b]);
        exchange_free(&x);
    }
    cr_assert_str_eq(text[0], "b: .");
    cr_assert_str_eq(text[6], "b: a c .");
    cr_assert_str_eq(text[13], "b: a a a");
    setup_free(&s);
}

// What the tree says of an answer is what a pass over its exchange says, and all
// probabilities together are 1.
Test(enumerable, log_probs_by_exchanges) {
    Setup s;
    setup_new(&s);
    const Enumerable *e = &s.e;
    double *found = malloc((size_t)e->size * sizeof *found), expected;
    enumerable_policy(found, &s.model, e);
    Tape *t = tape_new(&s.model.params);
    Mat nodes = enumerable_log_probs(t, &s.model, e)->value;
    for (int i = 0; i < e->size; i++) {
        Exchange x = enumerable_exchange(e, i / e->answers, i % e->answers);
        const Exchange *list[] = {&x};
        Batch b = exchange_batch(list, 1);
        policy_answer_log_probs(&expected, &s.model, &b);
        cr_assert_float_eq(found[i], expected, sizeof(real) == 8 ? 1e-12 : 1e-5);
        cr_assert_float_eq(*mat_at(nodes, i, 0), expected, 1e-5);
        batch_free(&b), exchange_free(&x);
    }
    for (int p = 0; p < e->prompts; p++)
        cr_assert_float_eq(log_sum(found + p * e->answers, e->answers), 0, 1e-6);
    tape_free(t), free(found), setup_free(&s);
}

Test(enumerable, short_way_to_hidden_vectors) {
    Setup s;
    setup_new(&s);
    Exchange x[3] = {enumerable_exchange(&s.e, 1, 5), enumerable_exchange(&s.e, 0, 0),
                     enumerable_exchange(&s.e, 1, 30)};
    const Exchange *list[] = {&x[0], &x[1], &x[2]};
    Batch b = exchange_batch(list, 3);
    Tape *t = tape_new(&s.model.params);
    Mat plain = policy_hidden(t, &s.model, &b)->value,
        tree = enumerable_hidden_of(t, &s.model, &b, &s.e)->value;
    cr_assert_leq(largest_difference(plain, tree), sizeof(real) == 8 ? 1e-12 : 2e-5);
    tape_free(t), batch_free(&b), setup_free(&s);
    for (int i = 0; i < 3; i++) exchange_free(&x[i]);
}

static Node *some_loss(Tape *t, void *setup) {
    Setup *s = setup;
    return random_loss(t, enumerable_log_probs(t, &s->model, &s->e));
}

Test(enumerable, gradients) {
    Setup s;
    setup_new(&s);
    double error = gradient_error(&s.model.params, some_loss, &s, 8);
    cr_assert_leq(error, gradient_tolerance(), "%g", error);
    setup_free(&s);
}

// ---- expected gradients

typedef struct {
    Setup *of;
    double *ref_tokens, *log_ref, *log_p;
    PlacementKind kind;
} Climb;

static Node *climb_loss(Tape *t, const Climb *c) {
    return placement_loss(t, &c->of->model, c->kind, c->ref_tokens, 0.7, &c->of->e);
}

// What the placement's gradient descends, where there is such a thing: - E r, plus beta
// times KL(pi || ref), KL(ref || pi), or nothing.
static double objective(const Climb *c) {
    const Enumerable *e = &c->of->e;
    double sum = 0;
    enumerable_policy(c->log_p, &c->of->model, e);
    for (int at = 0; at < e->size; at += e->answers) {
        const double *p = c->log_p + at, *ref = c->log_ref + at;
        double kl = c->kind == PLACEMENT_LOSS_K1   ? 0
                    : c->kind == PLACEMENT_LOSS_K3 ? policy_kl(ref, p, e->answers)
                                                   : policy_kl(p, ref, e->answers);
        sum += (0.7 * kl - policy_mean(p, e->reward + at, e->answers)) / e->prompts;
    }
    return sum;
}

// The tape's gradient of the loss with draws held fixed, against differences of the
// objective itself, in which nothing is.
static double climb_error(const Climb *c) {
    const double h = 1e-4;
    Params *p = &c->of->model.params;
    Tape *t = tape_new(p);
    Rng rng = rng_new(3);
    double worst = 0, largest = 0;
    params_zero_grads(p);
    tape_backward(t, climb_loss(t, c));
    for (size_t i = 0; i < p->grad_size; i++)
        largest = fmax(largest, fabs((double)p->grads[i]));
    for (int n = 0; n < 40; n++) {
        real *x = &p->values[rng_below(&rng, (int)p->size)], before = *x;
        double found = (double)p->grads[x - p->values], side[2];
        for (int k = 0; k < 2; k++)
            *x = before + (real)(k ? h : -h), side[k] = objective(c);
        *x = before;
        worst = fmax(worst, fabs(found - (side[1] - side[0]) / (2 * h)));
    }
    tape_free(t);
    return worst / largest;
}

Test(kl_placement, gradients_are_those_of_objectives) {
    Setup s;
    Model ref;
    if (sizeof(real) < 8) return;  // differences say nothing in float
    setup_new(&s);
    policy_copy(&ref, &s.model);
    for (size_t i = 0; i < ref.params.size; i++) ref.params.values[i] *= (real)0.8;
    Climb c = {.of = &s,
               .ref_tokens = malloc(enumerable_edges(&s.e) * sizeof(double)),
               .log_ref = malloc((size_t)s.e.size * sizeof(double)),
               .log_p = malloc((size_t)s.e.size * sizeof(double))};
    enumerable_tokens(c.ref_tokens, &ref, &s.e);
    enumerable_answers(c.log_ref, c.ref_tokens, &s.e);
    for (int k = 0; k <= PLACEMENT_LOSS_K3; k++) {
        c.kind = (PlacementKind)k;
        // central differences, h = 1e-4: off by some h^2
        cr_assert_leq(climb_error(&c), 1e-6, "%s", placements[k].name);
    }
    // a KL on each token has no such objective: not that of answers
    c.kind = PLACEMENT_TOKEN_K2;
    cr_assert_gt(climb_error(&c), 1e-3);
    free(c.ref_tokens), free(c.log_ref), free(c.log_p);
    model_free(&ref), setup_free(&s);
}

// V at the root is J of that prompt; before the last token of a cut off answer it is
// the mean over what can be drawn there.
Test(enumerable, values_are_expectations) {
    Setup s;
    Model ref;
    setup_new(&s);
    const Enumerable *e = &s.e;
    policy_copy(&ref, &s.model);
    for (size_t i = 0; i < ref.params.size; i++) ref.params.values[i] *= (real)0.8;
    size_t n = (size_t)(e->prompts * e->inner * (e->symbols + 1));
    double *tokens = malloc(n * sizeof *tokens),
           *ref_tokens = malloc(n * sizeof *tokens);
    double *log_p = malloc((size_t)e->size * sizeof *log_p),
           *log_ref = malloc((size_t)e->size * sizeof *log_p),
           *values = malloc((size_t)e->size * sizeof *values);
    enumerable_tokens(tokens, &s.model, e), enumerable_tokens(ref_tokens, &ref, e);
    enumerable_answers(log_p, tokens, e), enumerable_answers(log_ref, ref_tokens, e);
    enumerable_values(values, tokens, ref_tokens, 0.7, e);
    for (int p = 0; p < e->prompts; p++) {
        int at = p * e->answers;
        cr_assert_float_eq(
            values[at],
            policy_objective(log_p + at, log_ref + at, e->reward + at, 0.7, e->answers),
            1e-12);
    }
    // once pi* is the policy, V(prefix) = beta ln Z(prefix), whatever comes next
    Measures m = enumerable_measure(log_p, log_ref, 0.7, e);
    cr_assert_float_eq(m.objective, (values[0] + values[e->answers]) / 2, 1e-12);
    cr_assert_float_eq(m.objective, m.best - 0.7 * m.to_star, 1e-12);
    free(tokens), free(ref_tokens), free(log_p), free(log_ref), free(values);
    model_free(&ref), setup_free(&s);
}

// The frontier passes through the optimal policies, rises, and nobody is above it.
Test(enumerable, frontier) {
    Setup s;
    setup_new(&s);
    const Enumerable *e = &s.e;
    double *log_ref = malloc((size_t)e->size * sizeof *log_ref),
           *log_p = malloc((size_t)e->size * sizeof *log_p);
    enumerable_policy(log_ref, &s.model, e);
    Rng rng = rng_new(8);
    for (int i = 0; i < 5; i++) {
        double beta = 0.2 * (i + 1);
        enumerable_optimum(log_p, log_ref, beta, e);
        Measures m = enumerable_measure(log_p, log_ref, beta, e);
        cr_assert_float_eq(enumerable_frontier(log_ref, m.kl, e), m.reward, 1e-9);
        cr_assert_lt(m.total_variation, 1e-12);
        for (int p = 0; p < e->prompts; p++)
            random_policy(&rng, log_p + p * e->answers, e->answers);
        m = enumerable_measure(log_p, log_ref, beta, e);
        cr_assert_lt(m.reward, enumerable_frontier(log_ref, m.kl, e));
    }
    free(log_ref), free(log_p), setup_free(&s);
}
