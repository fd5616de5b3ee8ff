// Best of n: its law against all draws, one by one; its KL against closed forms.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "ch05_sft_rlhf/best_of_n.h"

enum { ANSWERS = 4, N = 3 };

// All ANSWERS^N draws; among equals the first that was drawn.
Test(best_of_n, law_by_enumeration) {
    static const double p[ANSWERS] = {0.1, 0.4, 0.2, 0.3},
                        score[ANSWERS] = {2, 1, 2, 0};
    double found[ANSWERS], exact[ANSWERS] = {0};
    for (int code = 0; code < 64; code++) {
        int best = code % ANSWERS;
        double chance = p[best];
        for (int i = 1, rest = code / ANSWERS; i < N; i++, rest /= ANSWERS) {
            int next = rest % ANSWERS;
            chance *= p[next];
            if (score[next] > score[best]) best = next;
        }
        exact[best] += chance;
    }
    best_of_law(found, p, score, ANSWERS, N);
    for (int y = 0; y < ANSWERS; y++) cr_assert_float_eq(found[y], exact[y], 1e-14);
    best_of_law(found, p, score, ANSWERS, 1);
    for (int y = 0; y < ANSWERS; y++) cr_assert_float_eq(found[y], p[y], 1e-15);
}

// All subsets of two of four draws, two of them tied.
Test(best_of_n, draws_by_enumeration) {
    static const double score[] = {5, 7, 7, 1};
    double found[4];
    best_of_draws(found, score, 4, 2);
    // {0,1} 1, {0,2} 2, {0,3} 0, {1,2} either, {1,3} 1, {2,3} 2
    cr_assert_float_eq(found[0], 1.0 / 6, 1e-15);
    cr_assert_float_eq(found[1], 2.5 / 6, 1e-15);
    cr_assert_float_eq(found[2], 2.5 / 6, 1e-15);
    cr_assert_eq(found[3], 0);
    best_of_draws(found, score, 4, 4);
    cr_assert_float_eq(found[1], 0.5, 1e-15);
    best_of_draws(found, score, 4, 1);
    for (int i = 0; i < 4; i++) cr_assert_float_eq(found[i], 0.25, 1e-15);
}

static double kl_of_uniform(int count, double n) {
    double *p = malloc((size_t)count * sizeof *p),
           *q = malloc((size_t)count * sizeof *q),
           *score = malloc((size_t)count * sizeof *score), kl = 0;
    for (int i = 0; i < count; i++) p[i] = 1.0 / count, score[i] = i;
    best_of_law(q, p, score, count, n);
    for (int i = 0; i < count; i++) kl += q[i] > 0 ? q[i] * log(q[i] / p[i]) : 0;
    free(p), free(q), free(score);
    return kl;
}

// Few answers tie with themselves: the formula is a bound; many come near it.
Test(best_of_n, kl) {
    cr_assert_float_eq(best_of_kl(16), 1.835, 1e-3);
    cr_assert_float_eq(kl_of_uniform(4, 16), 1.330, 1e-3);
    cr_assert_float_eq(kl_of_uniform(256, 16), 1.8349, 1e-4);
    cr_assert_lt(kl_of_uniform(1 << 16, 16), best_of_kl(16));
}
