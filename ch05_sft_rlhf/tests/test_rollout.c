// Rollouts: the sampler is the policy. What it recorded is what a training pass computes;
// neighbours and slots change nothing.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/infer_of_model.h"
#include "ch03_transformer/published.h"
#include "ch05_sft_rlhf/policy.h"
#include "ch05_sft_rlhf/rollout.h"
#include "ch05_sft_rlhf/tests/small.h"
#include "common/numeric/threads.h"

enum { COUNT = 40, MOST = 6 };

typedef struct {
    Model model;
    InferModel view;
    int ids[COUNT][8];
    Prompt prompts[COUNT];
    Rollout out[COUNT];
} Setup;

static void setup_new(Setup *s) {
    Error err;
    Rng rng = rng_new(3);
    small_model(&s->model, 2);
    cr_assert(infer_of_model(&s->view, &s->model, &err), "%s", err.text);
    for (int i = 0; i < COUNT; i++) {
        s->prompts[i] = (Prompt){s->ids[i], 1 + rng_below(&rng, 8)};
        for (int k = 0; k < 8; k++) s->ids[i][k] = rng_below(&rng, SMALL_VOCABULARY);
    }
}

static void setup_free(Setup *s) { infer_model_free(&s->view), model_free(&s->model); }

static void run(Setup *s, Rollout *to, int together, double temperature) {
    Error err;
    RolloutSettings settings = {SMALL_END, MOST, together, temperature, rng_new(5)};
    cr_assert(rollouts(to, &s->view, s->prompts, COUNT, &settings, NULL, &err), "%s",
              err.text);
}

static void rollouts_free(Rollout *r) {
    for (int i = 0; i < COUNT; i++) rollout_free(&r[i]);
}

// The log-probabilities of all answers in s->out, by a training pass.
static void check_recorded(Setup *s) {
    const Exchange *list[COUNT];
    for (int i = 0; i < COUNT; i++) list[i] = &s->out[i].exchange;
    Batch b = exchange_batch(list, COUNT);
    double *log_probs = malloc((size_t)b.counted * sizeof *log_probs), *at = log_probs;
    policy_log_probs(log_probs, &s->model, &b);
    for (int i = 0; i < COUNT; i++)
        for (int k = 0; k < exchange_counted(list[i]); k++, at++)
            cr_assert_float_eq(s->out[i].log_probs[k], *at, 1e-5);
    cr_assert_eq(at - log_probs, b.counted);
    free(log_probs), batch_free(&b);
}

// Also where tokens are drawn at another temperature, or none: ln p is the policy's.
Test(rollout, recorded_is_what_a_training_pass_computes) {
    static const double temperatures[] = {1, 0.8, 0};
    for (int k = 0; k < 3; k++) {
        Setup s;
        setup_new(&s);
        run(&s, s.out, 7, temperatures[k]);
        int finished = 0;
        for (int i = 0; i < COUNT; i++) {
            const Exchange *e = &s.out[i].exchange;
            cr_assert_eq(e->prompt, s.prompts[i].count);
            cr_assert_leq(exchange_counted(e), MOST);
            cr_assert_eq(e->finished,
                         e->ids[e->length - 1] == SMALL_END && e->length > e->prompt);
            finished += e->finished;
        }
        if (temperatures[k] == 1)
            cr_assert(finished > 3 && finished < COUNT - 3, "%d", finished);
        check_recorded(&s), rollouts_free(s.out), setup_free(&s);
    }
}

static void check_same(const Rollout *a, const Rollout *b) {
    for (int i = 0; i < COUNT; i++) {
        const Exchange *x = &a[i].exchange, *y = &b[i].exchange;
        cr_assert_eq(x->length, y->length);
        cr_assert_arr_eq(x->ids, y->ids, (size_t)x->length * sizeof(int));
        // to the last bit: a row of a product does not depend on the others
        cr_assert_arr_eq(a[i].log_probs, b[i].log_probs,
                         (size_t)exchange_counted(x) * sizeof(double));
    }
}

Test(rollout, slots_and_threads_change_nothing) {
    Setup s;
    Rollout other[COUNT];
    setup_new(&s);
    int before = threads_set(1);
    run(&s, s.out, 1, 1);
    for (int threads = 1; threads <= 3; threads++) {
        threads_set(threads);
        run(&s, other, 16, 1);
        check_same(s.out, other), rollouts_free(other);
    }
    threads_set(before);
    rollouts_free(s.out), setup_free(&s);
}

// So many words that drawing is shared out, too, on as many threads as are asked for.
Test(rollout, threads_that_draw_change_nothing) {
    enum { WORDS = 16384, CONTEXT = 32 };
    static Model model;
    Setup s;
    Rollout other[COUNT];
    Error err;
    Rng rng = rng_new(4);
    setenv("OMP_DYNAMIC", "false", 1);
    Config c = config_small_llama(WORDS, CONTEXT, 48, 1, 3, 3);
    cr_assert(model_new(&model, &c, &err), "%s", err.text);
    model_allocate(&model, &rng);
    setup_new(&s), infer_model_free(&s.view);
    cr_assert(infer_of_model(&s.view, &model, &err), "%s", err.text);
    int before = threads_set(1);
    static const double temperatures[] = {1, 0.8};
    for (int k = 0; k < 2; k++) {
        threads_set(1), run(&s, s.out, 1, temperatures[k]);
        for (int threads = 1; threads <= 4; threads++) {
            threads_set(threads), run(&s, other, 16, temperatures[k]);
            check_same(s.out, other), rollouts_free(other);
        }
        rollouts_free(s.out);
    }
    threads_set(before);
    setup_free(&s), model_free(&model);
}

// Each drawn token's share over many rollouts is its probability: 4 standard errors.
Test(rollout, first_tokens_have_the_policys_shares) {
    enum { DRAWS = 20000 };
    Setup s;
    Error err;
    setup_new(&s);
    Prompt *prompts = malloc(DRAWS * sizeof *prompts);
    Rollout *out = malloc(DRAWS * sizeof *out);
    for (int i = 0; i < DRAWS; i++) prompts[i] = s.prompts[0];
    RolloutSettings settings = {SMALL_END, 1, 0, 1, rng_new(6)};
    cr_assert(rollouts(out, &s.view, prompts, DRAWS, &settings, NULL, &err));
    int drawn[SMALL_VOCABULARY] = {0};
    double p[SMALL_VOCABULARY] = {0};
    for (int i = 0; i < DRAWS; i++) {
        int token = out[i].exchange.ids[out[i].exchange.length - 1];
        drawn[token]++, p[token] = exp(out[i].log_probs[0]);
        rollout_free(&out[i]);
    }
    for (int k = 0; k < SMALL_VOCABULARY; k++)
        cr_assert_leq(fabs(drawn[k] - DRAWS * p[k]),
                      4 * sqrt(DRAWS * p[k] * (1 - p[k])) + 1e-9);
    free(prompts), free(out), setup_free(&s);
}

Test(rollout, greedy_and_the_contexts_end) {
    Setup s;
    setup_new(&s);
    run(&s, s.out, 8, 0);
    Rollout again[COUNT];
    run(&s, again, 8, 0);
    for (int i = 0; i < COUNT; i++) {
        const Exchange *e = &s.out[i].exchange;
        cr_assert_arr_eq(e->ids, again[i].exchange.ids,
                         (size_t)e->length * sizeof(int));
    }
    rollouts_free(s.out), rollouts_free(again);
    // no room for 100 tokens: cut off at the context
    Error err;
    RolloutSettings settings = {SMALL_END, 100, 0, 1, rng_new(5)};
    cr_assert(rollouts(s.out, &s.view, s.prompts, COUNT, &settings, NULL, &err));
    for (int i = 0; i < COUNT; i++) {
        const Exchange *e = &s.out[i].exchange;
        cr_assert(e->length <= SMALL_CONTEXT
                  && (e->finished || e->length == SMALL_CONTEXT));
    }
    rollouts_free(s.out), setup_free(&s);
}
