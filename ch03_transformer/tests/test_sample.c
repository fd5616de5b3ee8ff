// Decoding: each rule's published or hand-made values, and the order of the rules.
#include <criterion/criterion.h>
#include <math.h>

#include "ch03_transformer/sample.h"

enum { N = 3 };

static Mat logits_of(const double *p) {
    Mat m = mat_new(1, N);
    for (int i = 0; i < N; i++) m.at[i] = (real)log(p[i]);
    return m;
}

static void expect(Candidates c, const double *want, const char *what) {
    double got[N] = {0}, total = 0;
    for (int i = 0; i < c.count; i++) {
        got[c.list[i].token] = c.list[i].p / c.total;
        total += c.list[i].p;
    }
    cr_assert_float_eq(total, c.total, 1e-12, "%s: total", what);
    for (int i = 0; i < N; i++)
        cr_assert_float_eq(got[i], want[i], 5e-5, "%s: p[%d] = %g", what, i, got[i]);
    candidates_free(&c);
}

Test(sample, filters_by_hand) {
    const double p[N] = {.5, .3, .2};
    static const struct {
        const char *what;
        double temperature;
        int top_k;
        double top_p, min_p, want[N];
    } rows[] = {
        {"top-p .6", 1, 0, .6, 0, {.625, .375, 0}},
        {"top-p .5 is reached by the first", 1, 0, .5, 0, {1, 0, 0}},
        {"top-p 0", 1, 0, 0, 0, {1, 0, 0}},
        {"top-p 1", 1, 0, 1, 0, {.5, .3, .2}},
        // the other order would give .5635 .4365 0
        {"temperature before top-p", 2, 0, .75, 0, {.4154, .3218, .2628}},
        {"top-k 2", 1, 2, 1, 0, {.625, .375, 0}},
        {"top-k 1", 1, 1, 1, 0, {1, 0, 0}},
        {"top-k 9", 1, 9, 1, 0, {.5, .3, .2}},
        // of (.625 .375): .6 is reached by the first; of (.5 .3 .2) it is not
        {"top-k before top-p", 1, 2, .6, 0, {1, 0, 0}},
        {"min-p .5", 1, 0, 1, .5, {.625, .375, 0}},
        {"min-p .7", 1, 0, 1, .7, {1, 0, 0}},
        {"min-p .3", 1, 0, 1, .3, {.5, .3, .2}},
        // sqrt(.3 / .5) = .77
        {"temperature before min-p", 2, 0, 1, .7, {.5635, .4365, 0}},
        {"min-p 1", 1, 0, 1, 1, {1, 0, 0}},
    };
    Mat logits = logits_of(p);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Sampling s = {rows[i].temperature, rows[i].top_k, rows[i].top_p, rows[i].min_p};
        expect(candidates_of(logits, &s), rows[i].want, rows[i].what);
    }
    mat_free(logits);
}

Test(sample, repetition_penalty_by_hand) {
    real values[N] = {2, 1, -1};
    Mat logits = mat_view(values, 1, N);
    const int text[] = {0, 2, 0, 0, 2};  // each counts once
    penalise(logits, &(Penalties){1.2, 0, 0}, text, 0, 5);
    const double want[] = {2 / 1.2, 1, -1.2};
    for (int i = 0; i < N; i++) cr_assert_float_eq(values[i], want[i], 1e-6);
    // dividing the negative one would give .0514
    Sampling plain = sampling_plain(rng_new(1));
    expect(candidates_of(logits, &plain), (double[]){.6368, .3270, .0362}, "penalised");
}

Test(sample, which_tokens_a_penalty_counts) {
    real values[N] = {2, 1, -1};
    Mat logits = mat_view(values, 1, N);
    const int text[] = {0, 1, 1, 1};  // the first two are the prompt
    penalise(logits, &(Penalties){2, 0.5, 0.25}, text, 2, 4);
    cr_assert_float_eq(values[0], 1, 1e-6, "the prompt counts for repetition alone");
    cr_assert_float_eq(values[1], 0.5 - 0.5 - 2 * 0.25, 1e-6, "all three");
    cr_assert_float_eq(values[2], -1, 0, "did not occur");
}

Test(sample, choice_says_what_it_drew) {
    const double p[N] = {.5, .3, .2};
    Mat logits = logits_of(p);
    for (int i = 0; i < N; i++)
        cr_assert_float_eq(token_log_prob(logits, i), log(p[i]), 1e-6);
    Sampling s = sampling_plain(rng_new(1));
    s.top_k = 2;
    for (int i = 0; i < 50; i++) {
        Choice c = token_choose(logits, &s);
        cr_assert(c.token < 2);
        cr_assert_float_eq(c.share, c.token ? .375 : .625, 1e-6);
    }
    s.temperature = 0;
    cr_assert_eq(token_choose(logits, &s).token, 0);
    cr_assert_float_eq(token_choose(logits, &s).share, 1, 0);
    mat_free(logits);
}
