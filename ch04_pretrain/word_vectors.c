#include "ch04_pretrain/word_vectors.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"
#include "common/numeric/logistic.h"
#include "common/numeric/small.h"

enum { MOST_OTHERS = 32, MOST_DIM = 256 };

static double *word_of(const WordVectors *v, int w) {
    return v->word + (size_t)w * (size_t)v->dim;
}
static double *context_of(const WordVectors *v, int c) {
    return v->context + (size_t)c * (size_t)v->dim;
}

static double dot(const double *a, const double *b, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += a[i] * b[i];
    return sum;
}
static void add_scaled(double *to, double factor, const double *from, int n) {
    for (int i = 0; i < n; i++) to[i] += factor * from[i];
}

WordVectors word_vectors_new(int words, int dim, double sd, Rng *rng) {
    assert(dim <= MOST_DIM);
    size_t n = (size_t)words * (size_t)dim;
    WordVectors v = {words, dim, allocate(n, sizeof(double)),
                     allocate(n, sizeof(double))};
    for (size_t i = 0; i < n; i++) v.word[i] = sd / sqrt(dim) * rng_normal(rng);
    for (size_t i = 0; i < n; i++) v.context[i] = sd / sqrt(dim) * rng_normal(rng);
    return v;
}

void word_vectors_free(WordVectors *v) {
    free(v->word), free(v->context);
    *v = (WordVectors){0};
}

double sgns_loss(const WordVectors *v, int w, int c, const int *others, int k) {
    const double *word = word_of(v, w);
    double loss = -log_logistic(dot(word, context_of(v, c), v->dim));
    for (int i = 0; i < k; i++)
        loss -= log_logistic(-dot(word, context_of(v, others[i]), v->dim));
    return loss;
}

// dloss/d(w.c) = s(w.c) - 1, and s(w.n_i) of the others; all are computed before any
// vector moves.
void sgns_step(WordVectors *v, int w, int c, const int *others, int k, double rate) {
    assert(k <= MOST_OTHERS);
    double *word = word_of(v, w), slope[MOST_OTHERS + 1], step[MOST_DIM] = {0};
    for (int i = 0; i <= k; i++) {
        const double *context = context_of(v, i ? others[i - 1] : c);
        slope[i] = logistic(dot(word, context, v->dim)) - (i == 0);
        add_scaled(step, -rate * slope[i], context, v->dim);
    }
    for (int i = 0; i <= k; i++)
        add_scaled(context_of(v, i ? others[i - 1] : c), -rate * slope[i], word,
                   v->dim);
    add_scaled(word, 1, step, v->dim);
}

// ---- in expectation

static double share_of(const double *joint, int words, int w) {
    double sum = 0;
    for (int c = 0; c < words; c++) sum += joint[w * words + c];
    return sum;
}

double sgns_expected(WordVectors *v, const double *joint, const double *noise, int k,
                     double rate) {
    int n = v->words;
    size_t size = (size_t)n * (size_t)v->dim;
    WordVectors moved = {n, v->dim, allocate(size, sizeof(double)),
                         allocate(size, sizeof(double))};
    double loss = 0;
    memcpy(moved.word, v->word, size * sizeof(double));
    memcpy(moved.context, v->context, size * sizeof(double));
    for (int w = 0; w < n; w++) {
        double share = share_of(joint, n, w);
        for (int c = 0; c < n; c++) {
            double seen = joint[w * n + c], drawn = k * share * noise[c];
            double x = dot(word_of(v, w), context_of(v, c), v->dim);
            loss -= seen * log_logistic(x) + drawn * log_logistic(-x);
            double slope = drawn * logistic(x) - seen * logistic(-x);
            add_scaled(word_of(&moved, w), -rate * slope, context_of(v, c), v->dim);
            add_scaled(context_of(&moved, c), -rate * slope, word_of(v, w), v->dim);
        }
    }
    if (rate > 0) {
        memcpy(v->word, moved.word, size * sizeof(double));
        memcpy(v->context, moved.context, size * sizeof(double));
    }
    word_vectors_free(&moved);
    return loss;
}

double sgns_optimum(const double *joint, const double *noise, int words, int k, int w,
                    int c) {
    return log(joint[w * words + c] / (share_of(joint, words, w) * noise[c])) - log(k);
}

// ---- from a text

// The sums of count^exponent up to each word: to draw from them by bisection.
static double *sums_new(const int *text, int n, int words, double exponent) {
    double *sums = allocate((size_t)words, sizeof *sums), total = 0;
    for (int i = 0; i < n; i++) sums[text[i]]++;
    for (int w = 0; w < words; w++)
        sums[w] = total += sums[w] > 0 ? pow(sums[w], exponent) : 0;
    return sums;
}

static int draw(const double *sums, int words, Rng *rng) {
    double u = rng_uniform(rng) * sums[words - 1];
    int low = 0, high = words - 1;
    while (low < high) {
        int middle = (low + high) / 2;
        if (sums[middle] > u) high = middle;
        else low = middle + 1;
    }
    return low;
}

void sgns_train(WordVectors *v, const int *text, int n, const SgnsSettings *s,
                Rng *rng) {
    double *sums = sums_new(text, n, v->words, s->exponent);
    int others[MOST_OTHERS];
    for (int epoch = 0; epoch < s->epochs; epoch++)
        for (int i = 0; i < n; i++) {
            double done = (epoch + (double)i / n) / s->epochs;
            double rate = s->rate * (1 - 0.99 * done);
            int last = int_min(i + s->window, n - 1);
            for (int j = int_max(0, i - s->window); j <= last; j++) {
                if (j == i) continue;
                for (int k = 0; k < s->others; k++)
                    others[k] = draw(sums, v->words, rng);
                sgns_step(v, text[i], text[j], others, s->others, rate);
            }
        }
    free(sums);
}

// ---- neighbours

double word_cosine(const WordVectors *v, int a, int b) {
    const double *x = word_of(v, a), *y = word_of(v, b);
    return dot(x, y, v->dim) / sqrt(dot(x, x, v->dim) * dot(y, y, v->dim));
}

int word_nearest(const WordVectors *v, int word, const bool *allowed) {
    int best = -1;
    for (int w = 0; w < v->words; w++)
        if (w != word && allowed[w]
            && (best < 0 || word_cosine(v, word, w) > word_cosine(v, word, best)))
            best = w;
    return best;
}
