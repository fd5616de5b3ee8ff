// A policy's log-probabilities: against brute force, their gradients against
// differences, and what padding may not change.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/tests/gradients.h"
#include "ch05_sft_rlhf/policy.h"
#include "ch05_sft_rlhf/tests/small.h"

enum { EXCHANGES = 3 };

typedef struct {
    Model model;
    Exchange list[EXCHANGES];
    Batch batch;
} Setup;

static void setup_new(Setup *s) {
    static const int prompts[] = {3, 5, 2}, answers[] = {4, 1, 6};
    const Exchange *list[EXCHANGES];
    Rng rng = rng_new(5);
    small_model(&s->model, 1);
    for (int i = 0; i < EXCHANGES; i++)
        s->list[i] = small_exchange(&rng, prompts[i], answers[i], i != 2),
        list[i] = &s->list[i];
    s->batch = exchange_batch(list, EXCHANGES);
}

static void setup_free(Setup *s) {
    batch_free(&s->batch), model_free(&s->model);
    for (int i = 0; i < EXCHANGES; i++) exchange_free(&s->list[i]);
}

// ln p of ids[at + 1] after ids[0 .. at], from a pass over these alone.
static double brute_force(const Model *m, const int *ids, int at) {
    Tape *t = tape_new((Params *)&m->params);
    Tokens in = {.batch = 1, .time = at + 1, .tokens = ids};
    Mat logits = model_logits(t, m, model_hidden(t, m, &in))->value;
    double sum = 0;
    for (int k = 0; k < logits.cols; k++) sum += exp((double)*mat_at(logits, at, k));
    double log_p = (double)*mat_at(logits, at, ids[at + 1]) - log(sum);
    tape_free(t);
    return log_p;
}

Test(policy, log_probs_by_brute_force) {
    Setup s;
    setup_new(&s);
    double by_token[64], by_answer[EXCHANGES];
    policy_log_probs(by_token, &s.model, &s.batch);
    policy_answer_log_probs(by_answer, &s.model, &s.batch);
    int at = 0;
    for (int r = 0; r < EXCHANGES; r++) {
        double sum = 0;
        for (int i = s.list[r].prompt; i < s.list[r].length; i++, at++) {
            double expected = brute_force(&s.model, s.list[r].ids, i - 1);
            cr_assert_float_eq(by_token[at], expected, 1e-5);
            sum += expected;
        }
        cr_assert_float_eq(by_answer[r], sum, 1e-4);
    }
    cr_assert_eq(at, s.batch.counted);
    setup_free(&s);
}

// An answer's sum is the same alone and beside longer ones.
Test(policy, padding_adds_nothing) {
    Setup s;
    setup_new(&s);
    double together[EXCHANGES], alone;
    policy_answer_log_probs(together, &s.model, &s.batch);
    for (int r = 0; r < EXCHANGES; r++) {
        const Exchange *list[] = {&s.list[r]};
        Batch b = exchange_batch(list, 1);
        policy_answer_log_probs(&alone, &s.model, &b);
        cr_assert_float_eq(alone, together[r], 1e-5);
        batch_free(&b);
    }
    setup_free(&s);
}

// Twice as many tokens of equal log-probability: twice the sum. A mean would not change.
Test(policy, sums_are_no_means) {
    int ids[] = {1, 2, 2, 2, 2};
    Exchange e[] = {exchange_of(ids, 1, ids + 1, 2, SMALL_END, false),
                    exchange_of(ids, 1, ids + 1, 4, SMALL_END, false)};
    const Exchange *list[] = {&e[0], &e[1]};
    Batch b = exchange_batch(list, 2);
    Tape *t = tape_new(NULL);
    Mat ones = tape_mat(t, (int)b.counted, 1);
    mat_fill(ones, (real)-0.5);
    Mat sums = policy_sums(t, &b, constant_node(t, ones))->value;
    cr_assert_eq(*mat_at(sums, 0, 0), -1);
    cr_assert_eq(*mat_at(sums, 1, 0), -2);
    tape_free(t), batch_free(&b), exchange_free(&e[0]), exchange_free(&e[1]);
}

// ---- gradients

typedef struct {
    const Setup *of;
    int what;
} LossOf;

static Node *loss_of(Tape *t, void *context) {
    const LossOf *l = context;
    const Batch *b = &l->of->batch;
    PolicyPass p = policy_pass(t, &l->of->model, b);
    if (l->what == 0) return random_loss(t, p.log_probs);
    if (l->what == 1) return random_loss(t, policy_sums(t, b, p.log_probs));
    return random_loss(t, policy_entropy(t, p.logits));
}

Test(policy, gradients) {
    Setup s;
    setup_new(&s);
    for (int what = 0; what < 3; what++) {
        double error = gradient_error(&s.model.params, loss_of, &(LossOf){&s, what}, 8);
        cr_assert_leq(error, gradient_tolerance(), "%d: %g", what, error);
    }
    setup_free(&s);
}

Test(policy, entropy_in_closed_form) {
    Tape *t = tape_new(NULL);
    Mat logits = tape_mat(t, 3, 4);
    mat_fill(logits, 2);                                        // uniform: ln 4
    *mat_at(logits, 1, 0) = *mat_at(logits, 1, 1) = -INFINITY;  // two left: ln 2
    *mat_at(logits, 2, 3) = 2 + (real)log(3);                   // 1/6 1/6 1/6 1/2
    Mat h = policy_entropy(t, constant_node(t, logits))->value;
    cr_assert_float_eq(*mat_at(h, 0, 0), log(4), 1e-6);
    cr_assert_float_eq(*mat_at(h, 1, 0), log(2), 1e-6);
    cr_assert_float_eq(*mat_at(h, 2, 0), 0.5 * log(6) + 0.5 * log(2), 1e-6);
    tape_free(t);
}

// ---- the reference

// It says what the model says, and steps of the model do not reach it.
Test(policy, a_copy_is_frozen) {
    Setup s;
    Model reference;
    double before[64], after[64], own[64];
    setup_new(&s);
    policy_copy(&reference, &s.model);
    policy_log_probs(own, &s.model, &s.batch);
    policy_log_probs(before, &reference, &s.batch);
    cr_assert_arr_eq(own, before, (size_t)s.batch.counted * sizeof *own);
    Params *p = &s.model.params;
    for (size_t i = 0; i < p->size; i++) p->values[i] *= (real)1.1;
    policy_log_probs(after, &reference, &s.batch);
    policy_log_probs(own, &s.model, &s.batch);
    cr_assert_arr_eq(after, before, (size_t)s.batch.counted * sizeof *own);
    cr_assert(memcmp(own, before, (size_t)s.batch.counted * sizeof *own) != 0);
    cr_assert_null(reference.params.grads);
    model_free(&reference), setup_free(&s);
}
