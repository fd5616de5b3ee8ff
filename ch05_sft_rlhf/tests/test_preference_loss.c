// Preference losses: values by hand, slopes against differences, goals against a
// search, and their gradient through a model.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/tests/gradients.h"
#include "ch05_sft_rlhf/dpo.h"
#include "ch05_sft_rlhf/orpo.h"
#include "ch05_sft_rlhf/policy.h"
#include "ch05_sft_rlhf/preference_population.h"
#include "ch05_sft_rlhf/tests/small.h"

Test(preference_loss, values) {
    // h_chosen = .5, h_rejected = -.3
    PreferenceLoss dpo = preference_loss(.8,
                                         &(PreferenceSettings){PREFERENCE_DPO, .1, 0}),
                   cdpo = preference_loss(
                       .8, &(PreferenceSettings){PREFERENCE_CDPO, .1, .1}),
                   ipo = preference_loss(.8,
                                         &(PreferenceSettings){PREFERENCE_IPO, .1, 0});
    cr_assert_float_eq(dpo.value, .653947, 5e-7);
    cr_assert_float_eq(dpo.slope, -.048001, 5e-7);
    cr_assert_float_eq(cdpo.value, .661947, 5e-7);
    cr_assert_float_eq(ipo.value, 17.64, 1e-12);
    for (int k = 0; k < PREFERENCE_KINDS; k++)
        cr_assert_str_eq(preference_names()[k], preference_kinds[k].name);
}

Test(preference_loss, slopes_are_derivatives) {
    const double h = 1e-6;
    for (int k = 0; k < PREFERENCE_KINDS; k++)
        for (double d = -40; d < 40; d += 3.3) {
            PreferenceSettings s = {(PreferenceKind)k, .7, .1};
            double measured =
                (preference_loss(d + h, &s).value - preference_loss(d - h, &s).value)
                / (2 * h);
            cr_assert_float_eq(preference_loss(d, &s).slope, measured, 1e-6);
        }
}

// P = 1/2 and 1/5: odds 1 and 1/4, sigma(ln 4) = 4/5.
Test(orpo, values) {
    OrpoLoss l = orpo_loss(log(.5), log(.2), 1);
    cr_assert_float_eq(l.value, .916291, 5e-7);
    cr_assert_float_eq(l.chosen, -1.4, 1e-12);
    cr_assert_float_eq(l.rejected, .25, 1e-12);
    // equal answers: ln 2; a sure one has a finite loss and finite slopes
    cr_assert_float_eq(orpo_loss(-2, -2, .5).value, 2 + .5 * log(2), 1e-12);
    OrpoLoss sure = orpo_loss(0, -1, 1), wrong = orpo_loss(-1, 0, 1);
    cr_assert(isfinite(sure.value) && isfinite(sure.chosen) && isfinite(sure.rejected));
    cr_assert(isfinite(wrong.value) && isfinite(wrong.rejected));
}

Test(orpo, slopes_are_derivatives) {
    const double h = 1e-5;
    for (double a = -.05; a > -9; a *= 2.3)
        for (double b = -.05; b > -9; b *= 2.1) {
            OrpoLoss l = orpo_loss(a, b, .7);
            cr_assert_float_eq(
                l.chosen,
                (orpo_loss(a + h, b, .7).value - orpo_loss(a - h, b, .7).value)
                    / (2 * h),
                1e-5);
            cr_assert_float_eq(
                l.rejected,
                (orpo_loss(a, b + h, .7).value - orpo_loss(a, b - h, .7).value)
                    / (2 * h),
                1e-5);
        }
}

Test(orpo, goal_between_half_and_all_of_dpos) {
    double p = .75, whole = log(3);
    cr_assert_float_eq(orpo_goal(p, 0), whole, 1e-12);
    cr_assert_float_eq(orpo_goal(p, 1e9), whole / 2, 1e-8);
    cr_assert_float_eq(orpo_goal(p, 1), .673996, 5e-7);
    cr_assert_eq(orpo_goal(1, 1), INFINITY);
    cr_assert_eq(orpo_goal(0, 1), -INFINITY);
    cr_assert_float_eq(orpo_goal(.5, 3), 0, 1e-12);
}

// Where the mean loss is least, by golden section, if `chosen` wins with probability p.
static double least_at(double p, const PreferenceSettings *s) {
    double a = -60, b = 60;
    for (int i = 0; i < 200; i++) {
        double c = a + .381966 * (b - a), d = a + .618034 * (b - a);
        double at_c = p * preference_loss(c, s).value
                      + (1 - p) * preference_loss(-c, s).value,
               at_d = p * preference_loss(d, s).value
                      + (1 - p) * preference_loss(-d, s).value;
        if (at_c < at_d) b = d;
        else a = c;
    }
    return (a + b) / 2;
}

Test(preference_loss, goals) {
    for (int k = 0; k < PREFERENCE_KINDS; k++)
        for (double p = .1; p < 1; p += .2) {
            PreferenceSettings s = {(PreferenceKind)k, .5, .1};
            if (fabs(p - .5) < .01 && k == PREFERENCE_HINGE)
                continue;  // a flat stretch
            cr_assert_float_eq(preference_kinds[k].goal(p, &s), least_at(p, &s), 1e-5,
                               "%s, p %g", preference_names()[k], p);
        }
    // labels that never err: an infinite goal, and finite ones
    cr_assert_eq(preference_kinds[PREFERENCE_DPO].goal(
                     1, &(PreferenceSettings){PREFERENCE_DPO, 1, 0}),
                 INFINITY);
    cr_assert_float_eq(preference_kinds[PREFERENCE_CDPO].goal(
                           1, &(PreferenceSettings){PREFERENCE_CDPO, 1, .1}),
                       2.1972245773362196, 1e-12);
}

// ---- through a model

enum { ANSWERS = 4, PAIRS = 2 };

typedef struct {
    Model policy, reference;
    Exchange list[ANSWERS];
    const Exchange *chosen[PAIRS], *rejected[PAIRS];
    Dpo dpo;
    DpoBatch batch;
} Setup;

static void setup_new(Setup *s, PreferenceKind kind, bool same) {
    static const int prompts[] = {3, 3, 2, 2}, lengths[] = {4, 2, 6, 1};
    Rng rng = rng_new(31);
    small_model(&s->policy, 1), small_model(&s->reference, same ? 1 : 2);
    for (int i = 0; i < ANSWERS; i++)
        s->list[i] = small_exchange(&rng, prompts[i], lengths[i], i != 2);
    for (int i = 0; i < PAIRS; i++)
        s->chosen[i] = &s->list[2 * i], s->rejected[i] = &s->list[2 * i + 1];
    PreferenceSettings settings = {kind, .3, kind == PREFERENCE_CDPO ? .1 : 0};
    s->dpo = dpo_new(&s->policy, &s->reference, settings,
                     (OptimiserSettings){.kind = OPTIMISER_ADAM});
    s->batch = dpo_batch(&s->dpo, s->chosen, s->rejected, PAIRS);
}

static void setup_free(Setup *s) {
    dpo_batch_free(&s->batch), dpo_free(&s->dpo);
    model_free(&s->policy), model_free(&s->reference);
    for (int i = 0; i < ANSWERS; i++) exchange_free(&s->list[i]);
}

static Node *loss_of(Tape *t, void *setup) {
    Setup *s = setup;
    return dpo_loss(t, &s->dpo, &s->batch, NULL);
}

Test(dpo, gradients) {
    for (int k = 0; k < PREFERENCE_KINDS; k++) {
        Setup s;
        setup_new(&s, (PreferenceKind)k, false);
        double error = gradient_error(&s.policy.params, loss_of, &s, 6);
        cr_assert_leq(error, gradient_tolerance(), "%s: %g", preference_names()[k],
                      error);
        setup_free(&s);
    }
}

// ---- all pairs at once

static Node *population_loss(Tape *t, void *context) {
    void **both = context;
    return preference_population_loss(t, both[0], both[1]);
}

Test(preference_population, gradients_and_first_loss) {
    static Enumerated x;
    EnumeratedShape shape = {
        .symbols = 2, .longest = 3, .prompts = 2, .channels = 16, .layers = 1};
    enumerated_new(&x, shape, rng_new(5));
    for (int k = 0; k < PREFERENCE_KINDS; k++) {
        if (k == PREFERENCE_HINGE) continue;  // its corner is where h = 1 / beta
        PreferencePopulation p = preference_population(
            &x, (PreferenceSettings){(PreferenceKind)k, 0.5, 0.1});
        void *both[] = {&x, &p};
        Tape *t = tape_new(&x.policy.params);
        double first = (double)*population_loss(t, both)->value.at, weights = 0;
        for (size_t i = 0; i < p.count; i++) weights += p.pairs[i].weight;
        cr_assert_float_eq(weights, 1, 1e-12);
        if (k == PREFERENCE_DPO || k == PREFERENCE_CDPO)
            cr_assert_float_eq(first, log(2), 1e-6);
        tape_free(t);
        double error = gradient_error(&x.policy.params, population_loss, both, 6);
        cr_assert_leq(error, gradient_tolerance(), "%s: %g", preference_names()[k],
                      error);
        preference_population_free(&p);
    }
    enumerated_free(&x);
}

// The policy is the reference: no margin, and a loss of ln 2, exactly.
Test(dpo, begins_at_ln_2) {
    Setup s;
    setup_new(&s, PREFERENCE_DPO, true);
    DpoStep at;
    Node *loss = dpo_loss(s.dpo.tape, &s.dpo, &s.batch, &at);
    cr_assert_eq(*loss->value.at, (real)log(2));
    cr_assert_eq(at.margin, 0);
    cr_assert_eq(at.accuracy, .5);
    setup_free(&s);
}

// -beta sigma(r_rejected - r_chosen) (grad ln pi(chosen) - grad ln pi(rejected)), a
// mean over pairs, from the tape's own operations.
Test(dpo, gradient_in_closed_form) {
    Setup s;
    setup_new(&s, PREFERENCE_DPO, false);
    Params *p = &s.policy.params;
    real *gradient = malloc(p->grad_size * sizeof *gradient);
    double largest = 0, log_p[ANSWERS], log_ref[ANSWERS];
    tape_backward(s.dpo.tape, loss_of(s.dpo.tape, &s));
    memcpy(gradient, p->grads, p->grad_size * sizeof *gradient);
    params_zero_grads(p), tape_reset(s.dpo.tape);
    const Exchange *in_order[] = {s.chosen[0], s.chosen[1], s.rejected[0],
                                  s.rejected[1]};
    Batch b = exchange_batch(in_order, ANSWERS);
    policy_answer_log_probs(log_p, &s.policy, &b);
    policy_answer_log_probs(log_ref, &s.reference, &b);
    Tape *t = s.dpo.tape;
    Mat weights = tape_mat(t, ANSWERS, 1);
    for (int i = 0; i < PAIRS; i++) {
        double d = log_p[i] - log_ref[i] - log_p[i + PAIRS] + log_ref[i + PAIRS];
        double w = -.3 / (1 + exp(.3 * d)) / PAIRS;
        *mat_at(weights, i, 0) = (real)(w * ANSWERS);
        *mat_at(weights, i + PAIRS, 0) = (real)(-w * ANSWERS);
    }
    PolicyPass pass = policy_pass(t, &s.policy, &b);
    tape_backward(t, mean(t, product(t, policy_sums(t, &b, pass.log_probs),
                                     constant_node(t, weights))));
    for (size_t i = 0; i < p->grad_size; i++)
        largest = fmax(largest, fabs((double)p->grads[i]));
    for (size_t i = 0; i < p->grad_size; i++)
        cr_assert_float_eq(p->grads[i], gradient[i],
                           largest * (sizeof(real) == 8 ? 1e-12 : 1e-4));
    batch_free(&b), free(gradient), setup_free(&s);
}

// A sum over tokens: an answer of twice the tokens at equal log-ratios counts twice. A
// policy whose every log-ratio is c per token has h = c x length.
Test(dpo, log_ratios_are_sums) {
    Setup s;
    setup_new(&s, PREFERENCE_DPO, false);
    DpoStep at;
    double log_p[ANSWERS], log_ref[ANSWERS];
    dpo_loss(s.dpo.tape, &s.dpo, &s.batch, &at);
    const Exchange *in_order[] = {s.chosen[0], s.chosen[1], s.rejected[0],
                                  s.rejected[1]};
    Batch b = exchange_batch(in_order, ANSWERS);
    policy_answer_log_probs(log_p, &s.policy, &b);
    policy_answer_log_probs(log_ref, &s.reference, &b);
    double h[ANSWERS];
    for (int i = 0; i < ANSWERS; i++) h[i] = log_p[i] - log_ref[i];
    cr_assert_float_eq(at.chosen, .3 * (h[0] + h[1]) / 2, 1e-5);
    cr_assert_float_eq(at.rejected, .3 * (h[2] + h[3]) / 2, 1e-5);
    batch_free(&b), setup_free(&s);
}

// ORPO has no reference, and takes the mean over tokens.
Test(dpo, orpo_takes_means) {
    Setup s;
    setup_new(&s, PREFERENCE_ORPO, false);
    cr_assert_null(s.batch.reference);
    DpoStep at;
    double log_p[ANSWERS], sum = 0;
    dpo_loss(s.dpo.tape, &s.dpo, &s.batch, &at);
    const Exchange *in_order[] = {s.chosen[0], s.chosen[1], s.rejected[0],
                                  s.rejected[1]};
    Batch b = exchange_batch(in_order, ANSWERS);
    policy_answer_log_probs(log_p, &s.policy, &b);
    for (int i = 0; i < ANSWERS; i++) log_p[i] /= exchange_counted(in_order[i]);
    for (int i = 0; i < PAIRS; i++)
        sum += orpo_loss(log_p[i], log_p[i + PAIRS], .3).value / PAIRS;
    cr_assert_float_eq(at.loss, sum, 1e-5);
    cr_assert_float_eq(at.margin, (log_p[0] + log_p[1] - log_p[2] - log_p[3]) / 2,
                       1e-5);
    batch_free(&b), setup_free(&s);
}

Test(dpo, steps_widen_the_margin_and_leave_the_reference) {
    Setup s;
    setup_new(&s, PREFERENCE_DPO, true);
    size_t bytes = s.reference.params.size * sizeof(real);
    real *before = malloc(bytes);
    memcpy(before, s.reference.params.values, bytes);
    DpoStep first = dpo_step(&s.dpo, &s.batch, 1e-3), last;
    for (int i = 0; i < 50; i++) last = dpo_step(&s.dpo, &s.batch, 1e-3);
    cr_assert_lt(last.loss, first.loss / 2);
    cr_assert_gt(last.margin, 1);
    cr_assert_eq(last.accuracy, 1);
    cr_assert_arr_eq(s.reference.params.values, before, bytes);
    free(before), setup_free(&s);
}
