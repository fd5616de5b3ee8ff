// Word vectors: the gradient by differences, the expected loss by enumeration, its optimum
// by descent.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/word_vectors.h"

enum { WORDS = 5, DIM = 3 };

// A step of a small rate against the loss's central differences, number by number. The
// drawn words hold one twice, and the context itself.
Test(word_vectors, gradient) {
    Rng rng = rng_new(1);
    WordVectors v = word_vectors_new(WORDS, DIM, 1, &rng);
    const int W = 2, C = 1, others[] = {4, 0, 4, C};
    const double RATE = 1e-7, H = 1e-5;
    double *tables[] = {v.word, v.context};
    for (int table = 0; table < 2; table++)
        for (int i = 0; i < WORDS * DIM; i++) {
            double *x = tables[table] + i, was = *x, low, high;
            *x = was - H, low = sgns_loss(&v, W, C, others, 4);
            *x = was + H, high = sgns_loss(&v, W, C, others, 4);
            *x = was;
            double word[WORDS * DIM], context[WORDS * DIM];
            memcpy(word, v.word, sizeof word),
                memcpy(context, v.context, sizeof context);
            sgns_step(&v, W, C, others, 4, RATE);
            double slope = (was - *x) / RATE;
            memcpy(v.word, word, sizeof word),
                memcpy(v.context, context, sizeof context);
            cr_assert_float_eq(slope, (high - low) / (2 * H), 1e-6, "table %d, %d",
                               table, i);
        }
    word_vectors_free(&v);
}

static void joint_of(double *joint, Rng *rng) {
    double total = 0;
    for (int i = 0; i < WORDS * WORDS; i++) total += joint[i] = 0.1 + rng_uniform(rng);
    for (int i = 0; i < WORDS * WORDS; i++) joint[i] /= total;
}

// The expected loss is the mean of the loss over all pairs and all drawn words.
Test(word_vectors, expected_by_enumeration) {
    Rng rng = rng_new(2);
    WordVectors v = word_vectors_new(WORDS, DIM, 1, &rng);
    double joint[WORDS * WORDS], noise[WORDS] = {0.1, 0.2, 0.3, 0.25, 0.15}, mean = 0;
    joint_of(joint, &rng);
    for (int w = 0; w < WORDS; w++)
        for (int c = 0; c < WORDS; c++)
            for (int a = 0; a < WORDS; a++)
                for (int b = 0; b < WORDS; b++)
                    mean += joint[w * WORDS + c] * noise[a] * noise[b]
                            * sgns_loss(&v, w, c, (const int[]){a, b}, 2);
    cr_assert_float_eq(sgns_expected(&v, joint, noise, 2, 0), mean, 1e-12);
    word_vectors_free(&v);
}

// With as many numbers as words nothing is in the way of the optimum.
Test(word_vectors, optimum) {
    Rng rng = rng_new(3);
    WordVectors v = word_vectors_new(WORDS, WORDS, 1, &rng);
    double joint[WORDS * WORDS], noise[WORDS] = {0};
    joint_of(joint, &rng);
    for (int i = 0; i < WORDS * WORDS; i++) noise[i % WORDS] += joint[i];
    for (int step = 0; step < 30000; step++) sgns_expected(&v, joint, noise, 3, 2);
    for (int w = 0; w < WORDS; w++)
        for (int c = 0; c < WORDS; c++) {
            double dot = 0;
            for (int j = 0; j < WORDS; j++)
                dot += v.word[w * WORDS + j] * v.context[c * WORDS + j];
            double pmi = sgns_optimum(joint, noise, WORDS, 1, w, c);
            cr_assert_float_eq(dot, pmi - log(3), 1e-6);
            cr_assert_float_eq(sgns_optimum(joint, noise, WORDS, 3, w, c), dot, 1e-6);
        }
    word_vectors_free(&v);
}

// a b a b ..: with a window of 1 each occurs near the other, and never near itself.
Test(word_vectors, of_a_text) {
    int text[2000];
    Rng rng = rng_new(4);
    for (int i = 0; i < 2000; i++) text[i] = i % 2;
    WordVectors v = word_vectors_new(2, 4, 0.5, &rng);
    SgnsSettings s = {
        .window = 1, .others = 2, .exponent = 1, .rate = 0.1, .epochs = 5};
    sgns_train(&v, text, 2000, &s, &rng);
    double same = 0, other = 0;
    for (int j = 0; j < 4; j++)
        same += v.word[j] * v.context[j], other += v.word[j] * v.context[4 + j];
    // k P(w) P_n(c) / P(w, c) = 1: s(w.c) = 1/2 for the two, and 0 for one by itself
    cr_assert_float_eq(other, 0, 0.3);
    cr_assert(same < -2);
    word_vectors_free(&v);
}

Test(word_vectors, nearest) {
    WordVectors v = {3, 2, (double[]){1, 0, 1, 1, -3, 0.1}, NULL};
    const bool all[] = {true, true, true}, none[] = {true, false, false};
    cr_assert_float_eq(word_cosine(&v, 0, 1), sqrt(0.5), 1e-12);
    cr_assert_eq(word_nearest(&v, 0, all), 1);
    cr_assert_eq(word_nearest(&v, 2, all), 1);
    cr_assert_eq(word_nearest(&v, 0, none), -1);
}
