// Every language by the same rules: next sums to 1, the surprise of a text is its next
// distributions', texts sum to 1, floors agree with enumeration.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "ch04_pretrain/chains.h"
#include "ch04_pretrain/dirichlet.h"
#include "ch04_pretrain/entropy.h"
#include "ch04_pretrain/language.h"
#include "ch04_pretrain/tests/enumerate.h"

Test(language, next_and_surprise_agree) {
    for (int name = 0; name < LANGUAGE_COUNT; name++) {
        Language l = language_new((LanguageName)name, NULL);
        Rng rng = rng_new(1);
        int text[40], n = l.kind->generate(&l, &rng, text, 40);
        double nats[40], *p = malloc((size_t)l.symbols * sizeof *p), total = 0;
        l.kind->surprise(&l, text, n, nats);
        for (int i = 0; i < n; i++) {
            double sum = 0;
            l.kind->next(&l, text, i, p);
            for (int x = 0; x < l.symbols; x++) sum += p[x];
            cr_assert_float_eq(sum, 1, 1e-12, "%s", l.kind->name);
            cr_assert_float_eq(-log(p[text[i]]), nats[i], 1e-11, "%s", l.kind->name);
            total -= nats[i];
        }
        cr_assert_float_eq(language_log_prob(&l, text, n), total, 1e-12);
        cr_assert(l.kind->entropy_rate(&l).value > 0);
        cr_assert_str_eq(l.kind->name, language_names[name]);
        free(p), language_free(&l);
    }
}

// Sums over all texts of 1 .. 7 symbols: of P, 1; of -P ln P, the floors.
Test(language, floors_by_enumeration) {
    for (int name = LANGUAGE_MARKOV; name < LANGUAGE_COUNT; name++) {
        Language l = language_new((LanguageName)name, NULL);
        double before = 0;
        int text[8];
        for (int n = 1; n <= 7 && texts_of(l.symbols, n) < 1 << 16; n++) {
            double total = 0, h = 0;
            for (long code = 0; code < texts_of(l.symbols, n); code++) {
                text_of(code, l.symbols, n, text);
                double log_p = language_log_prob(&l, text, n);
                if (isinf(log_p)) continue;  // impossible
                total += exp(log_p), h -= exp(log_p) * log_p;
            }
            Known floor = l.kind->floor_at(&l, n - 1);
            cr_assert_float_eq(total, 1, 1e-11, "%s", l.kind->name);
            cr_assert_float_eq(floor.value, h - before, 5 * floor.error + 1e-10,
                               "%s, %d: %g, not %g", l.kind->name, n, floor.value,
                               h - before);
            before = h;
        }
        language_free(&l);
    }
}

// (n_ij + 1) / (n_i + V), by hand: after "a b a b b a", a was followed by b twice.
Test(language, bayes_predictor) {
    double p[3];
    chains_next((int[]){0, 1, 0, 1, 1, 0}, 6, 3, p);
    cr_assert_float_eq(p[0], 1.0 / 5, 1e-15);
    cr_assert_float_eq(p[1], 3.0 / 5, 1e-15);
    cr_assert_float_eq(p[2], 1.0 / 5, 1e-15);
    chains_next(NULL, 0, 3, p);
    cr_assert_float_eq(p[2], 1.0 / 3, 1e-15);
}

// What has no exact answer says so.
Test(language, chains_have_no_mask_posterior) {
    cr_assert_null(language_kinds[LANGUAGE_CHAINS].mask_posterior);
    cr_assert_not_null(language_kinds[LANGUAGE_STORY].mask_posterior);
}

// Dirichlet(a, .., a) on n: mean 1/n, variance (1/n)(1 - 1/n) / (n a + 1).
Test(language, dirichlet_moments) {
    enum { DRAWS = 40000, N = 4 };
    const double shapes[] = {0.1, 1, 7};
    for (int k = 0; k < 3; k++) {
        Rng rng = rng_new((uint64_t)k);
        double p[N], sum = 0, squares = 0, variance = 3.0 / 16 / (N * shapes[k] + 1);
        for (int i = 0; i < DRAWS; i++) {
            rng_dirichlet(&rng, shapes[k], p, N);
            cr_assert_float_eq(p[0] + p[1] + p[2] + p[3], 1, 1e-12);
            sum += p[1] / DRAWS, squares += pow(p[1] - 0.25, 2) / DRAWS;
        }
        cr_assert_float_eq(sum, 0.25, 5 * sqrt(variance / DRAWS));
        // the fourth moment is at most that of a variable in [0, 1]
        cr_assert_float_eq(squares, variance, 5 * sqrt(variance / DRAWS));
    }
}

Test(entropy, counts) {
    BlockEntropy h = entropy_of_counts((long long[]){2, 0, 2, 4}, 4);
    cr_assert_float_eq(h.plain, 1.5 * log(2), 1e-15);
    cr_assert_float_eq(h.corrected, 1.5 * log(2) + 2.0 / 16, 1e-15);
    cr_assert_eq(h.seen, 3);
    // "ab ba ab ba": 4 blocks of 2 in "ababa"
    h = block_entropy((int[]){0, 1, 0, 1, 0}, 5, 2, 2);
    cr_assert_float_eq(h.plain, log(2), 1e-15);
    cr_assert_eq(h.total, 4);
    double q[3];
    kt_estimate(q, (double[]){3, 0, 1}, 3);
    cr_assert_float_eq(q[0], 3.5 / 5.5, 1e-15);
    cr_assert_float_eq(q[1], 0.5 / 5.5, 1e-15);
    cr_assert_float_eq(divergence((double[]){1, 0}, (double[]){0.25, 0.75}, 2), log(4),
                       1e-15);
}
