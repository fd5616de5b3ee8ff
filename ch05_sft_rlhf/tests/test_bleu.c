// BLEU by hand, and by another way of counting. Lecture, section 5.17.
#include <criterion/criterion.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "ch05_sft_rlhf/bleu.h"
#include "common/numeric/rng.h"

static void near(double got, double expected) {
    cr_assert(fabs(got - expected) < 1e-12, "%.15g for %.15g", got, expected);
}

static Bleu bleu(const char *candidate, const char *reference) {
    Bleu b = {0};
    bleu_add_text(&b, candidate, reference);
    return b;
}

// Five of six words, three of five pairs, one of four triples, none of three runs of four.
Test(bleu, one_word_is_another) {
    Bleu b = bleu("Anna handed the lamp to Leo.", "Anna handed the boat to Leo.");
    near(bleu_of(&b, 1), 5.0 / 6), near(bleu_of(&b, 2), sqrt(5.0 / 6 * 3 / 5));
    near(bleu_of(&b, 3), cbrt(5.0 / 6 * 3 / 5 * 1 / 4)), near(bleu_of(&b, 4), 0);
}

Test(bleu, counts_are_clipped) {
    Bleu b = bleu("the the the the the the the", "the cat is on the mat");
    near(bleu_of(&b, 1), 2.0 / 7);
}

Test(bleu, short_candidates_pay) {
    Bleu b = bleu("a b c", "a b c d e f");
    near(bleu_of(&b, 2), exp(1 - 6.0 / 3));
    b = bleu("a b c d e f", "a b c");
    near(bleu_of(&b, 1), 0.5);  // and long ones do not, but for what matches nothing
}

Test(bleu, equal_texts) {
    Bleu b = bleu("a b c d e", "a b c d e");
    near(bleu_of(&b, 4), 1);
}

// Sums over texts, not a mean of ratios: (4 + 0) / (4 + 2) words.
Test(bleu, texts_are_summed) {
    Bleu b = bleu("a b c d", "a b c d");
    bleu_add_text(&b, "x y", "u v");
    near(bleu_of(&b, 1), 4.0 / 6), near(bleu_of(&b, 2), sqrt(4.0 / 6 * 3 / 4));
    near(b.candidate, 6);
}

Test(bleu, empty_candidate) {
    Bleu b = bleu("", "a b");
    near(bleu_of(&b, 1), 0);
}

// Matching with marks: each run of the candidate takes one of the reference that is free.
static int matched_with_marks(const int *a, int n, const int *b, int m, int length) {
    bool taken[32] = {false};
    int matched = 0;
    for (int i = 0; i + length <= n; i++)
        for (int k = 0; k + length <= m; k++)
            if (!taken[k] && memcmp(a + i, b + k, (size_t)length * sizeof *a) == 0) {
                taken[k] = true, matched++;
                break;
            }
    return matched;
}

Test(bleu, brute_force) {
    Rng rng = rng_new(1);
    for (int round = 0; round < 200; round++) {
        int a[20], b[20], n = 4 + rng_below(&rng, 17), m = 4 + rng_below(&rng, 17);
        double product = 1;
        for (int i = 0; i < n; i++) a[i] = rng_below(&rng, 3);
        for (int i = 0; i < m; i++) b[i] = rng_below(&rng, 3);
        for (int length = 1; length <= BLEU_RUNS; length++)
            product *=
                (double)matched_with_marks(a, n, b, m, length) / (n - length + 1);
        Bleu got = {0};
        bleu_add(&got, a, n, b, m);
        near(bleu_of(&got, BLEU_RUNS),
             pow(product, 0.25) * (n < m ? exp(1 - (double)m / n) : 1));
    }
}
