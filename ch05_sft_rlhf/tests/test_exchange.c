// Exchanges: which tokens are targets, where, and what a boundary inside a token does.
#include <criterion/criterion.h>
#include <string.h>

#include "ch05_sft_rlhf/tests/small.h"

// A prompt of 5 and an answer of 4: five targets, END the last, at positions 4 to 8.
Test(exchange, first_token_and_end_are_targets) {
    Rng rng = rng_new(1);
    Exchange e = small_exchange(&rng, 5, 4, true);
    const Exchange *list[] = {&e};
    cr_assert_eq(exchange_counted(&e), 5);
    cr_assert_eq(e.length, 10);
    Batch b = exchange_batch(list, 1);
    cr_assert_eq(b.counted, 5);
    for (int i = 0; i < b.time; i++)
        cr_assert_eq(b.targets[i], i >= 4 && i <= 8 ? e.ids[i + 1] : IGNORED, "%d", i);
    cr_assert_eq(b.targets[8], SMALL_END);
    batch_free(&b), exchange_free(&e);
}

Test(exchange, cut_off_has_no_end) {
    Rng rng = rng_new(2);
    Exchange e = small_exchange(&rng, 5, 4, false);
    const Exchange *list[] = {&e};
    Batch b = exchange_batch(list, 1);
    cr_assert_eq(b.counted, 4);
    for (int i = 0; i < b.time; i++) cr_assert_neq(b.targets[i], SMALL_END);
    batch_free(&b), exchange_free(&e);
}

// END inside a prompt is read like any token, and END as padding is no target: rows are
// told apart by their length.
Test(exchange, padding_is_known_by_length) {
    int prompt[] = {SMALL_END, 3, SMALL_END, 4}, answer[] = {SMALL_END, 7};
    Rng rng = rng_new(3);
    Exchange e = exchange_of(prompt, 4, answer, 2, SMALL_END, true);
    Exchange longer = small_exchange(&rng, 6, 5, true);
    const Exchange *list[] = {&e, &longer};
    Batch b = exchange_batch(list, 2);
    cr_assert_eq(b.time, 12);
    cr_assert_eq(b.lengths[0], 7);
    cr_assert_eq(b.targets[3], SMALL_END);  // the answer's own first token
    cr_assert_eq(b.targets[5], SMALL_END);
    cr_assert_eq(b.counted, 3 + 6);
    for (int i = 6; i < b.time; i++) cr_assert_eq(b.targets[i], IGNORED);
    batch_free(&b), exchange_free(&e), exchange_free(&longer);
}

Test(exchange, empty_answers) {
    Rng rng = rng_new(4);
    Exchange e = small_exchange(&rng, 3, 0, true),
             cut = small_exchange(&rng, 3, 0, false);
    const Exchange *list[] = {&e, &cut};
    Batch b = exchange_batch(list, 2);
    cr_assert_eq(b.counted, 1);
    cr_assert_eq(b.targets[2], SMALL_END);
    batch_free(&b), exchange_free(&e), exchange_free(&cut);
}

// ---- the boundary

// A tokenizer with one merge, a b -> ab.
static void merging_tokenizer(Tokenizer *t) {
    Error err;
    *t = (Tokenizer){0};
    tokenizer_add_bytes(t);
    cr_assert(tokenizer_find_bytes(t, &err), "%s", err.text);
    cr_assert(tokenizer_add_merge(t, 256, 'a', 'b', 1, &err), "%s", err.text);
    cr_assert(tokenizer_set_pattern(t, "gpt2", &err), "%s", err.text);
    cr_assert(tokenizer_finish(t, &err), "%s", err.text);
}

Test(exchange, a_token_across_the_boundary_is_refused) {
    Tokenizer t;
    Exchange e;
    Error err;
    merging_tokenizer(&t);
    cr_assert(!exchange_encode(&e, &t, "xa", "bc", 257, &err));
    cr_assert(strstr(err.text, "reaches from the prompt into the answer"), "%s",
              err.text);
    cr_assert(!exchange_encode(&e, &t, "", "bc", 257, &err));
    cr_assert(exchange_encode(&e, &t, "xab", "cab", 257, &err), "%s", err.text);
    int expected[] = {'x', 256, 'c', 256, 257};
    cr_assert_eq(e.length, 5);
    cr_assert_eq(e.prompt, 2);
    cr_assert_arr_eq(e.ids, expected, sizeof expected);
    exchange_free(&e), tokenizer_free(&t);
}
