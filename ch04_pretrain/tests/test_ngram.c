// n-grams: a case by hand, one by an independent program, sums to 1, counts.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/ngram.h"
#include "common/numeric/rng.h"

static double kneser_ney(const Ngram *g, const int *history, int n, int token) {
    NgramReader r = ngram_begin(g);
    for (int i = 0; i < n; i++) ngram_read(g, &r, history[i]);
    return ngram_kneser_ney(g, &r, g->order, token);
}

// "a b a b a c", bigrams. Pairs: (begin a) 1, (a b) 2, (b a) 2, (a c) 1: n_1 = n_2 = 2,
// so D = 2 / 6. a stands behind two tokens, b and c behind one: n_1 = 2, n_2 = 1, D =
// 1/2.
//     p(a) = (2 - 1/2 + 3/2 1/3) / 4 = 1/2, p(b) = p(c) = 1/4
//     p(b | a) = (2 - 1/3 + 2/3 1/4) / 3 = 11/18, p(c | a) = 5/18, p(a | a) = 2/18
Test(ngram, by_hand) {
    Ngram g = ngram_new(2, 3);
    ngram_add(&g, (int[]){0, 1, 0, 1, 0, 2}, 6), ngram_finish(&g);
    const int a[] = {0}, b[] = {1}, c[] = {2};
    cr_assert_float_eq(kneser_ney(&g, a, 1, 0), 2.0 / 18, 1e-15);
    cr_assert_float_eq(kneser_ney(&g, a, 1, 1), 11.0 / 18, 1e-15);
    cr_assert_float_eq(kneser_ney(&g, a, 1, 2), 5.0 / 18, 1e-15);
    cr_assert_float_eq(kneser_ney(&g, b, 1, 0), 11.0 / 12, 1e-15);
    // c was followed by nothing: the unigram
    cr_assert_float_eq(kneser_ney(&g, c, 1, 0), 0.5, 1e-15);
    NgramReader r = ngram_begin(&g);
    ngram_read(&g, &r, 0);
    cr_assert_float_eq(ngram_add_k(&g, &r, 2, 0.5, 1), 2.5 / 4.5, 1e-15);
    cr_assert_float_eq(ngram_add_k(&g, &r, 1, 1, 0), 4.0 / 9, 1e-15);
    double nats = -log(kneser_ney(&g, NULL, 0, 1) * 11 / 12);
    cr_assert_float_eq(ngram_nats(&g, (int[]){1, 0}, 2), nats, 1e-14);
    ngram_free(&g);
}

// Trigrams over seven letters; values of a program in another language that follows the
// definition with dictionaries. Bigrams have n_c = 10, 8, 4, 1: three discounts.
Test(ngram, by_another_program) {
    const char *const text =
        "abracadabra_abracadabra_cadabra_abrac_barb_cab_bad_crab_dab_"
        "add_drab_card_brad_cadre";
    const char *const letters = "_abcder";
    int ids[128], n = (int)strlen(text);
    for (int i = 0; i < n; i++) ids[i] = (int)(strchr(letters, text[i]) - letters);
    Ngram g = ngram_new(3, 7);
    ngram_add(&g, ids, (size_t)n), ngram_finish(&g);
    cr_assert_float_eq(g.discount[2][1], 0.3846153846153846, 1e-15);
    cr_assert_float_eq(g.discount[2][2], 1.423076923076923, 1e-15);
    cr_assert_float_eq(g.discount[2][3], 2.6153846153846154, 1e-15);
    cr_assert_float_eq(g.discount[3][2], 0.6521739130434783, 1e-15);
    const struct {
        int history[2], token;
        double p;
    } rows[] = {{{1, 2}, 6, 0.5638795986622073},
                {{3, 1}, 4, 0.6237350999056684},
                {{4, 6}, 1, 0.3181438127090301},
                {{0, 3}, 6, 0.13352842809364546},
                {{0, 3}, 5, 0.005957357859531771}};
    for (int i = 0; i < 5; i++)
        cr_assert_float_eq(kneser_ney(&g, rows[i].history, 2, rows[i].token), rows[i].p,
                           1e-14, "row %d", i);
    cr_assert_float_eq(kneser_ney(&g, NULL, 0, 1), 0.8118729096989967, 1e-14);
    ngram_free(&g);
}

// Every order, several documents, known and unknown histories; also samples whose
// counts of counts have holes.
Test(ngram, sums_to_one_and_never_zero) {
    enum { V = 20 };
    Rng rng = rng_new(1);
    for (int order = 1; order <= 5; order++)
        for (int size = 1; size <= 4096; size *= 8) {
            Ngram g = ngram_new(order, V);
            int text[64];
            for (int done = 0; done < size; done += 16) {
                for (int i = 0; i < 16; i++) text[i] = rng_below(&rng, 1 + i % V);
                ngram_add(&g, text, 16);
            }
            ngram_finish(&g);
            NgramReader r = ngram_begin(&g);
            for (int t = 0; t < 60; t++) {
                double sum = 0, add = 0;
                for (int w = 0; w < V; w++) {
                    double p = ngram_kneser_ney(&g, &r, order, w);
                    cr_assert(p > 0);
                    sum += p, add += ngram_add_k(&g, &r, order, 0.1, w);
                }
                cr_assert_float_eq(sum, 1, 1e-12, "order %d, size %d", order, size);
                cr_assert_float_eq(add, 1, 1e-12);
                ngram_read(&g, &r, rng_below(&rng, V));
            }
            ngram_free(&g);
        }
}

// A token behind the same neighbour only is frequent and yet not expected elsewhere.
Test(ngram, francisco) {
    enum { SAN, FRANCISCO, TEA, BREAD, V };
    Ngram g = ngram_new(2, V);
    for (int i = 0; i < 20; i++) ngram_add(&g, (int[]){SAN, FRANCISCO}, 2);
    ngram_add(&g, (int[]){TEA}, 1), ngram_add(&g, (int[]){BREAD, TEA}, 2);
    ngram_add(&g, (int[]){SAN, TEA}, 2);
    ngram_finish(&g);
    const int tea[] = {TEA};  // never followed by anything
    double francisco = kneser_ney(&g, tea, 1, FRANCISCO);
    cr_assert(francisco < kneser_ney(&g, tea, 1, TEA));
    NgramReader r = ngram_begin(&g);
    cr_assert(ngram_add_k(&g, &r, 1, 0.1, FRANCISCO)
              > ngram_add_k(&g, &r, 1, 0.1, TEA));
    ngram_free(&g);
}

// A document's beginning is a history of its own, and what stands before it is not.
Test(ngram, documents_are_apart) {
    Ngram g = ngram_new(2, 3);
    for (int i = 0; i < 50; i++) ngram_add(&g, (int[]){0, 1}, 2);
    ngram_finish(&g);
    cr_assert(kneser_ney(&g, NULL, 0, 0) > 0.95);
    cr_assert(kneser_ney(&g, (int[]){1}, 1, 0) < 0.5, "1 then 0 never occurred");
    ngram_free(&g);
}

Test(ngram, bits_per_byte) {
    cr_assert_float_eq(ngram_bits_per_byte(8 * log(2) * 10, 10), 8, 1e-12);
}
