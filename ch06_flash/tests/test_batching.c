// Slots, and a model in them: steps, and that nobody's answer depends on the others.
#include <criterion/criterion.h>
#include <stdlib.h>

#include "ch03_transformer/infer_of_model.h"
#include "ch03_transformer/published.h"
#include "ch03_transformer/sample.h"
#include "ch06_flash/batching.h"
#include "ch06_flash/serve.h"

// ---- slots alone

// Goes through all steps, one token of each busy slot at a time.
static int run_slots(BatchingKind kind, const int *lengths, int n, int slots) {
    Batching b = batching_new(kind, slots);
    int left[64], steps = 0, next = 0;
    for (int i = 0; i < n; i++) left[i] = lengths[i];
    for (int busy; (busy = batching_fill(&b, n)) > 0; steps++) {
        int counted = 0;
        for (int s = 0; s < slots; s++) {
            if (b.request[s] < 0) continue;
            counted++;
            cr_assert(left[b.request[s]] > 0);
            next = b.request[s] >= next ? b.request[s] + 1 : next;
            if (--left[b.request[s]] == 0) batching_end(&b, s);
        }
        cr_assert_eq(counted, busy);
    }
    for (int i = 0; i < n; i++) cr_assert_eq(left[i], 0);
    cr_assert_eq(next, n);
    batching_free(&b);
    return steps;
}

Test(batching, steps_are_the_formulas) {
    Rng rng = rng_new(1);
    for (int trial = 0; trial < 300; trial++) {
        int n = rng_below(&rng, 40), slots = 1 + rng_below(&rng, 9), lengths[40];
        long long sum = 0;
        for (int i = 0; i < n; i++) sum += lengths[i] = 1 + rng_below(&rng, 30);
        for (int kind = 0; kind < BATCHING_KINDS; kind++) {
            int steps = run_slots((BatchingKind)kind, lengths, n, slots);
            cr_assert_eq(steps, batching_steps((BatchingKind)kind, lengths, n, slots));
            cr_assert(steps >= batching_least(lengths, n, slots));
            cr_assert(slots > 1 || steps == sum);
        }
        cr_assert(run_slots(BATCHING_CONTINUOUS, lengths, n, slots)
                  <= batching_most(lengths, n, slots));
    }
}

// As good as a bound can be: short ones first, then one long.
Test(batching, the_bound_is_reached) {
    enum { SLOTS = 4, LONG = 8 };
    int lengths[(SLOTS - 1) * LONG + 1];
    for (int i = 0; i < (SLOTS - 1) * LONG; i++) lengths[i] = 1;
    lengths[(SLOTS - 1) * LONG] = LONG;
    int n = (SLOTS - 1) * LONG + 1;
    cr_assert_eq(run_slots(BATCHING_CONTINUOUS, lengths, n, SLOTS),
                 2 * LONG - LONG / 4);
    cr_assert_eq(batching_most(lengths, n, SLOTS), 2 * LONG - LONG / 4);
}

// ---- with a model

enum { V = 30, CONTEXT = 40, COUNT = 9 };
typedef struct {
    int prompt[COUNT][8], tokens[COUNT][20];
    Request requests[COUNT];
} Answers;

static void ask(Answers *a) {
    Rng rng = rng_new(5);
    for (int i = 0; i < COUNT; i++) {
        Request *r = &a->requests[i];
        *r = (Request){a->prompt[i], 1 + rng_below(&rng, 8), 1 + rng_below(&rng, 20),
                       a->tokens[i]};
        for (int t = 0; t < r->prompt_count; t++) a->prompt[i][t] = rng_below(&rng, V);
    }
}

// A text by itself, straight from infer.
static void check_alone(const InferModel *m, const Request *r) {
    Inference s;
    Error err;
    Mat logits = mat_new(1, V);
    cr_assert(inference_new(&s, m, CONTEXT, &err));
    infer(&s, r->prompt, r->prompt_count, logits);
    for (int t = 0; t < r->wanted; t++) {
        int token = token_greedy(logits);
        cr_assert_eq(r->tokens[t], token);
        if (t + 1 < r->wanted) infer(&s, &token, 1, logits);
    }
    inference_free(&s), mat_free(logits);
}

Test(batching, answers_do_not_depend_on_company) {
    Config c = config_small_llama(V, CONTEXT, 16, 2, 4, 2);
    Model model;
    InferModel m;
    Error err;
    Rng rng = rng_new(3);
    c.init = INIT_XAVIER;
    cr_assert(model_new(&model, &c, &err));
    model_allocate(&model, &rng);
    cr_assert(infer_of_model(&m, &model, &err));
    for (int kind = 0; kind < BATCHING_KINDS; kind++)
        for (int slots = 1; slots <= 5; slots += 2) {
            Answers a = {0};
            int lengths[COUNT], busy = 0, all = 0;
            ask(&a);
            Served s = serve(&m, a.requests, COUNT, (BatchingKind)kind, slots);
            for (int i = 0; i < COUNT; i++) {
                const Request *r = &a.requests[i];
                check_alone(&m, r);
                all += lengths[i] = r->wanted;
                cr_assert_eq(r->ended - r->began, r->wanted);
            }
            for (int t = 0; t < s.steps; t++) busy += s.busy[t];
            cr_assert_eq(s.steps,
                         batching_steps((BatchingKind)kind, lengths, COUNT, slots));
            cr_assert_eq(busy, all);
            free(s.busy);
        }
    infer_model_free(&m), model_free(&model);
}
