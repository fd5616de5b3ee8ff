// Sources: the stationary distribution and the entropy against closed forms, the drawn
// text against both.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "ch01_tokenizer/source.h"

static double entropy2(double p) { return -p * log2(p) - (1 - p) * log2(1 - p); }

// The largest |(pi P)(b) - pi(b)|, and the sum of pi next to 1.
static double stationary_error(const Source *s) {
    double worst = 0, total = 0;
    for (int b = 0; b < s->symbols; b++) {
        double in = 0;
        for (int a = 0; a < s->symbols; a++)
            in += s->stationary[a] * s->next[a * s->symbols + b];
        worst = fmax(worst, fabs(in - s->stationary[b]));
        total += s->stationary[b];
        cr_assert(s->stationary[b] >= 0);
    }
    return fmax(worst, fabs(total - 1));
}

Test(source, stationary_distribution_stays) {
    Rng rng = rng_new(1);
    for (int symbols = 1; symbols <= 256;
         symbols = symbols < 9 ? symbols + 1 : 2 * symbols - 2)
        for (double sharpness = 0; sharpness <= 16; sharpness += 4) {
            Source s = source_random(&rng, symbols, sharpness);
            cr_assert(stationary_error(&s) < 1e-12, "%d symbols, sharpness %g: %g",
                      symbols, sharpness, stationary_error(&s));
            source_free(&s);
        }
}

// Two symbols that change with probabilities p and q:  pi = (q, p) / (p + q),  h = pi . (H(p), H(q)).
Test(source, two_states_in_closed_form) {
    const double changes[][2] = {{0.1, 0.3}, {0.5, 0.5}, {0.9, 0.01}, {1e-9, 0.25}};
    for (int i = 0; i < 4; i++) {
        double p = changes[i][0], q = changes[i][1];
        Source s = source_new((double[]){1 - p, p, q, 1 - q}, 2);
        double first = q / (p + q);
        cr_assert_float_eq(s.stationary[0], first, 1e-14);
        cr_assert_float_eq(source_entropy(&s),
                           first * entropy2(p) + (1 - first) * entropy2(q), 1e-14);
        cr_assert_float_eq(source_unigram_entropy(&s), entropy2(first), 1e-13);
        source_free(&s);
    }
}

// Zeros are allowed, and so is a chain that always moves on: a cycle has no entropy at
// all.
Test(source, cycle) {
    Source s = source_new((double[]){0, 2, 0, /**/ 0, 0, 5, /**/ 1, 0, 0}, 3);
    for (int a = 0; a < 3; a++) cr_assert_float_eq(s.stationary[a], 1.0 / 3, 1e-15);
    cr_assert_eq(source_entropy(&s), 0);
    Rng rng = rng_new(3);
    int text[30];
    source_draw(&s, &rng, text, 30);
    for (int i = 1; i < 30; i++) cr_assert_eq(text[i], (text[i - 1] + 1) % 3);
    source_free(&s);
}

Test(source, uniform_and_asked_for_entropy) {
    Rng rng = rng_new(4);
    Source uniform = source_random(&rng, 8, 0);
    cr_assert_float_eq(source_entropy(&uniform), 3, 1e-14);
    source_free(&uniform);
    for (int seed = 0; seed < 200; seed++)
        for (double share = 0.5; share <= 1; share += 0.25) {
            rng = rng_new((uint64_t)seed);
            Source s = source_with_entropy(&rng, 8, 3 * share);
            cr_assert_float_eq(source_entropy(&s), 3 * share, 1e-12, "seed %d", seed);
            cr_assert(source_unigram_entropy(&s) > source_entropy(&s) - 1e-12);
            source_free(&s);
        }
}

// Transitions out of one symbol are independent draws: the count of a -> b among `from`
// has the standard deviation sqrt(from P (1 - P)).
Test(source, drawn_frequencies) {
    enum { SYMBOLS = 5, LENGTH = 200000 };
    Rng rng = rng_new(5);
    Source s = source_random(&rng, SYMBOLS, 1);
    int *text = malloc(LENGTH * sizeof *text);
    source_draw(&s, &rng, text, LENGTH);
    double count[SYMBOLS][SYMBOLS] = {0}, surprise = source_surprise(&s, -1, text[0]);
    for (int i = 1; i < LENGTH; i++) {
        count[text[i - 1]][text[i]]++;
        surprise += source_surprise(&s, text[i - 1], text[i]);
    }
    for (int a = 0; a < SYMBOLS; a++) {
        double from = 0;
        for (int b = 0; b < SYMBOLS; b++) from += count[a][b];
        for (int b = 0; b < SYMBOLS; b++) {
            double p = s.next[a * SYMBOLS + b];
            cr_assert_float_eq(count[a][b] / from, p, 5 * sqrt(p * (1 - p) / from),
                               "%d -> %d", a, b);
        }
        // Frequencies of symbols are correlated along the text: allow a correlation
        // over ten symbols.
        double pi = s.stationary[a];
        cr_assert_float_eq(from / LENGTH, pi, 5 * sqrt(10 * pi * (1 - pi) / LENGTH),
                           "symbol %d", a);
    }
    // The surprise of a symbol is between 0 and a few bits; 5 standard errors with a
    // deviation of 3 bits.
    cr_assert_float_eq(surprise / LENGTH, source_entropy(&s), 5 * 3 / sqrt(LENGTH));
    source_free(&s), free(text);
}

// The first symbol comes from the stationary distribution: from 5 symbols, 40,000 texts
// of length 1.
Test(source, first_symbol) {
    enum { TEXTS = 40000 };
    Rng rng = rng_new(6);
    Source s = source_random(&rng, 5, 2);
    double count[5] = {0};
    for (int i = 0; i < TEXTS; i++) {
        int first;
        source_draw(&s, &rng, &first, 1);
        count[first]++;
    }
    for (int a = 0; a < 5; a++) {
        double pi = s.stationary[a];
        cr_assert_float_eq(count[a] / TEXTS, pi, 5 * sqrt(pi * (1 - pi) / TEXTS),
                           "symbol %d", a);
    }
    source_free(&s);
}
