#include "ch01_tokenizer/source.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

// pi = pi P by elimination. Grassmann, Taksar and Heyman, "Regenerative analysis and
// steady state distributions for Markov chains" (1985): take out the states one by one,
// from the last; a path through a state taken out counts for the states it connects.
// Nothing is subtracted, so that no digits are lost.
static void find_stationary(Source *source) {
    int n = source->symbols;
    size_t width = (size_t)n;
    double *p = allocate(width * width, sizeof *p), *pi = source->stationary;
    memcpy(p, source->next, width * width * sizeof *p);
    for (int k = n - 1; k > 0; k--) {
        double leaves = 0;
        for (int j = 0; j < k; j++) leaves += p[k * n + j];
        assert(leaves > 0 && "a symbol that never leads to some other");
        for (int i = 0; i < k; i++) p[i * n + k] /= leaves;
        for (int i = 0; i < k; i++)
            for (int j = 0; j < k; j++) p[i * n + j] += p[i * n + k] * p[k * n + j];
    }
    double total = pi[0] = 1;
    for (int k = 1; k < n; k++) {
        pi[k] = 0;
        for (int i = 0; i < k; i++) pi[k] += pi[i] * p[i * n + k];
        total += pi[k];
    }
    for (int k = 0; k < n; k++) pi[k] /= total;
    free(p);
}

Source source_new(const double *next, int symbols) {
    assert(symbols >= 1);
    size_t width = (size_t)symbols;
    Source source = {symbols, allocate(width * width, sizeof(double)),
                     allocate(width, sizeof(double))};
    for (int a = 0; a < symbols; a++) {
        double total = 0;
        for (int b = 0; b < symbols; b++) {
            assert(next[a * symbols + b] >= 0);
            total += next[a * symbols + b];
        }
        assert(total > 0);
        for (int b = 0; b < symbols; b++)
            source.next[a * symbols + b] = next[a * symbols + b] / total;
    }
    find_stationary(&source);
    return source;
}

Source source_random(Rng *rng, int symbols, double sharpness) {
    // the least weight, (2^-53)^16, is still a number
    assert(sharpness >= 0 && sharpness <= 16);
    size_t cells = (size_t)symbols * (size_t)symbols;
    double *weights = allocate(cells, sizeof *weights);
    for (size_t i = 0; i < cells; i++) {
        // (0, 1): a weight of 0 could cut a symbol off
        double u = rng_uniform(rng) + 0x1p-54;
        weights[i] = pow(-log1p(-u), sharpness);
    }
    Source source = source_new(weights, symbols);
    free(weights);
    return source;
}

Source source_with_entropy(Rng *rng, int symbols, double bits) {
    double most = log2(symbols), low = 0, high = 16;
    assert(symbols >= 8 && bits >= most / 2 && bits <= most * (1 + 1e-12));
    // Halving: h is log2(symbols) at sharpness 0 and falls. A copied generator draws
    // the same weights.
    for (int i = 0; i < 60; i++) {
        Rng same = *rng;
        double middle = (low + high) / 2;
        Source source = source_random(&same, symbols, middle);
        if (source_entropy(&source) > bits) low = middle;
        else high = middle;
        source_free(&source);
    }
    return source_random(rng, symbols, low);
}

void source_free(Source *source) {
    free(source->next), free(source->stationary);
    *source = (Source){0};
}

// The entropy of p[0 .. n-1] in bits; 0 log 0 = 0.
static double entropy(const double *p, int n) {
    double bits = 0;
    for (int i = 0; i < n; i++)
        if (p[i] > 0) bits -= p[i] * log2(p[i]);
    return bits;
}

double source_entropy(const Source *source) {
    double bits = 0;
    for (int a = 0; a < source->symbols; a++)
        bits += source->stationary[a]
                * entropy(&source->next[a * source->symbols], source->symbols);
    return bits;
}

double source_unigram_entropy(const Source *source) {
    return entropy(source->stationary, source->symbols);
}

static const double *distribution_after(const Source *source, int last) {
    return last < 0 ? source->stationary : &source->next[last * source->symbols];
}

void source_draw(const Source *source, Rng *rng, int *text, int n) {
    for (int i = 0, last = -1; i < n; i++)
        last = text[i] =
            rng_categorical(rng, distribution_after(source, last), source->symbols);
}

double source_surprise(const Source *source, int last, int symbol) {
    assert(symbol >= 0 && symbol < source->symbols);
    return -log2(distribution_after(source, last)[symbol]);
}
