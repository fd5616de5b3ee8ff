// BERT's 15 %, 80/10/10; T5's spans.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "ch04_pretrain/corruption.h"
#include "ch04_pretrain/spans.h"

// A million tokens; five standard errors. A random word is the true one 1 in V times
// and then counts among the kept here.
Test(corruption, shares) {
    enum { N = 1000000, V = 1000 };
    int *text = malloc(N * sizeof *text), *seen = malloc(N * sizeof *seen);
    bool *selected = malloc(N);
    double chosen = 0, masked = 0, random = 0, kept = 0;
    Rng rng = rng_new(1);
    Corruption c = BERT_CORRUPTION;
    for (int i = 0; i < N; i++) text[i] = i % V;
    corrupt(&c, &rng, V, text, N, seen, selected);
    for (int i = 0; i < N; i++) {
        cr_assert(selected[i] || seen[i] == text[i]);
        cr_assert(seen[i] == MASKED || (seen[i] >= 0 && seen[i] < V));
        if (!selected[i]) continue;
        chosen++;
        if (seen[i] == MASKED) masked++;
        else if (seen[i] == text[i]) kept++;
        else random++;
    }
    cr_assert_float_eq(chosen / N, .15, .0018);
    cr_assert_float_eq(masked / N, .12, .0016);
    cr_assert_float_eq(random / N, .015, .0006 + .015 / V);
    cr_assert_float_eq(kept / N, .015, .0006 + .015 / V);
    free(text), free(seen), free(selected);
}

// Two maskings of one text: of the places that either selects, a share p / (2 - p) is
// selected by both: .0811.
Test(corruption, dynamic_masks_differ) {
    enum { N = 200000 };
    static int text[N], seen[N];
    static bool first[N], second[N];
    Rng rng = rng_new(2);
    Corruption c = BERT_CORRUPTION;
    double both = 0, either = 0;
    corrupt(&c, &rng, 10, text, N, seen, first);
    corrupt(&c, &rng, 10, text, N, seen, second);
    for (int i = 0; i < N; i++)
        both += first[i] && second[i], either += first[i] || second[i];
    cr_assert_float_eq(both / either, .0811, 5 * sqrt(.0811 * .919 / either));
}

Test(corruption, channels_sum_to_one) {
    const Corruption kinds[] = {BERT_CORRUPTION, {0.4, 0.3, 0.6}, ERASURE(0.2)};
    for (int k = 0; k < 3; k++) {
        Channel any = channel_of(&kinds[k], 7), chosen = channel_selected(&kinds[k], 7);
        cr_assert_float_eq(any.same + 7 * any.other + any.masked, 1, 1e-15);
        cr_assert_float_eq(chosen.same + 7 * chosen.other + chosen.masked, 1, 1e-15);
    }
    Corruption c = BERT_CORRUPTION;
    Channel any = channel_of(&c, 6);
    cr_assert_float_eq(any.same, .865, 1e-15);
    cr_assert_float_eq(any.other, .015 / 6, 1e-15);
    cr_assert_float_eq(any.masked, .12, 1e-15);
}

// Half a token rounds to even: 4.5 to 4, 10.5 to 10, 16.5 to 16.
Test(spans, plan) {
    const struct {
        int length, noise, spans, input, target;
    } rows[] = {{512, 77, 26, 462, 104}, {568, 85, 28, 512, 114}, {30, 4, 1, 28, 6},
                {70, 10, 3, 64, 14},     {110, 16, 5, 100, 22},   {2, 1, 1, 3, 3}};
    for (int i = 0; i < 6; i++) {
        SpanPlan p = span_plan(rows[i].length, .15, 3);
        cr_assert_eq(p.noise, rows[i].noise, "%d: %d", rows[i].length, p.noise);
        cr_assert_eq(p.spans, rows[i].spans, "%d: %d", rows[i].length, p.spans);
        cr_assert_eq(p.input, rows[i].input);
        cr_assert_eq(p.target, rows[i].target);
    }
    cr_assert_eq(span_text_length(512, .15, 3), 568);
}

// a b c d e f, c d and f cut out: "a b <X> e <Y> end" and "<X> c d <Y> f end".
Test(spans, by_hand) {
    const int text[] = {1, 2, 3, 4, 5, 6};
    const bool noise[] = {false, false, true, true, false, true};
    int input[6], target[6];
    span_corrupt(text, 6, noise, 100, 9, input, target);
    const int want_input[] = {1, 2, 100, 5, 101, 9},
              want_target[] = {100, 3, 4, 101, 6, 9};
    cr_assert_arr_eq(input, want_input, sizeof want_input);
    cr_assert_arr_eq(target, want_target, sizeof want_target);
}

// All ways to cut are equally likely: 7 tokens, 3 of noise in 2 spans: 2 x 3 masks.
Test(spans, masks_are_uniform) {
    enum { DRAWS = 60000 };
    SpanPlan plan = {.noise = 3, .spans = 2};
    int counts[128] = {0}, different = 0;
    Rng rng = rng_new(3);
    for (int t = 0; t < DRAWS; t++) {
        bool noise[7];
        int code = 0;
        span_mask(&rng, 7, &plan, noise);
        for (int i = 0; i < 7; i++) code = 2 * code + noise[i];
        counts[code]++;
    }
    for (int code = 0; code < 128; code++) {
        if (!counts[code]) continue;
        different++;
        cr_assert_float_eq(counts[code] / (double)DRAWS, 1.0 / 6,
                           5 * sqrt(5.0 / 36 / DRAWS));
        cr_assert(code % 2 == 1 && code < 64, "begins with text, ends with noise");
    }
    cr_assert_eq(different, 6);
}

Test(spans, length_law_sums_to_one) {
    for (int length = 20; length <= 200; length += 17) {
        SpanPlan p = span_plan(length, .3, 3);
        double sum = 0, mean = 0;
        for (int k = 1; k <= p.noise; k++) {
            sum += span_length_chance(&p, k);
            mean += k * span_length_chance(&p, k);
        }
        cr_assert_float_eq(sum, 1, 1e-11);
        cr_assert_float_eq(mean, (double)p.noise / p.spans, 1e-10);
    }
}
