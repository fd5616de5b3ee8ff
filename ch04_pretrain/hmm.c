#include "ch04_pretrain/hmm.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/source.h"
#include "common/error.h"

static double *at(const Hmm *h, int x, int i) {
    return h->says + ((size_t)x * (size_t)h->states + (size_t)i) * (size_t)h->states;
}

static void find_stationary(Hmm *h) {
    size_t n = (size_t)h->states;
    double *chain = allocate(n * n, sizeof *chain);
    for (int x = 0; x < h->symbols; x++)
        for (size_t c = 0; c < n * n; c++) chain[c] += at(h, x, 0)[c];
    Source source = source_new(chain, h->states);
    memcpy(h->stationary, source.stationary, n * sizeof *chain);
    source_free(&source);
    free(chain);
}

static void build_automaton(Hmm *h) {
    int most = h->symbols * h->states * h->states, count = 0;
    Edge *edges = allocate((size_t)most, sizeof *edges);
    for (int x = 0; x < h->symbols; x++)
        for (int i = 0; i < h->states; i++)
            for (int j = 0; j < h->states; j++)
                if (at(h, x, i)[j] > 0)
                    edges[count++] = (Edge){i, j, x, at(h, x, i)[j], false};
    h->automaton = automaton_new(h->symbols, h->states, edges, count, h->stationary);
    free(edges);
}

static Hmm hmm_new(const double *says, int symbols, int states) {
    size_t cells = (size_t)symbols * (size_t)states * (size_t)states;
    Hmm h = {symbols, states, allocate(cells, sizeof *says),
             allocate((size_t)states, sizeof *says)};
    memcpy(h.says, says, cells * sizeof *says);
    find_stationary(&h);
    build_automaton(&h);
    return h;
}

Hmm hmm_classic(const double *transition, const double *emission, int symbols,
                int states) {
    double *says =
        allocate((size_t)symbols * (size_t)states * (size_t)states, sizeof *says);
    double *to = says;
    for (int x = 0; x < symbols; x++)
        for (int i = 0; i < states; i++)
            for (int j = 0; j < states; j++)
                *to++ = emission[i * symbols + x] * transition[i * states + j];
    Hmm h = hmm_new(says, symbols, states);
    free(says);
    return h;
}

Hmm hmm_mess3(double x, double a) {
    double says[3][3][3];
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                says[k][i][j] = (i == j ? 1 - 2 * x : x) * (j == k ? a : (1 - a) / 2);
    return hmm_new(&says[0][0][0], 3, 3);
}

void hmm_free(Hmm *h) {
    free(h->says), free(h->stationary);
    automaton_free(&h->automaton);
    *h = (Hmm){0};
}

// ---- the sandwich

// H of blocks of n more symbols, sum over texts of -P ln P, from weights over states
// that sum to the text's probability so far.
static double block_sum(const Hmm *h, const double *weights, int n) {
    enum { MOST = 16 };
    assert(h->states <= MOST);
    double total = 0, after[MOST];
    if (n == 0) {
        for (int i = 0; i < h->states; i++) total += weights[i];
        return total > 0 ? -total * log(total) : 0;
    }
    for (int x = 0; x < h->symbols; x++) {
        memset(after, 0, sizeof after);
        for (int i = 0; i < h->states; i++)
            for (int j = 0; j < h->states; j++) after[j] += weights[i] * at(h, x, i)[j];
        total += block_sum(h, after, n - 1);
    }
    return total;
}

double hmm_upper(const Hmm *h, int n) {
    return block_sum(h, h->stationary, n) - block_sum(h, h->stationary, n - 1);
}

double hmm_lower(const Hmm *h, int n) {
    double total = 0;
    double *one = allocate((size_t)h->states, sizeof *one);
    for (int s = 0; s < h->states; s++) {
        memset(one, 0, (size_t)h->states * sizeof *one);
        one[s] = 1;
        total += h->stationary[s] * (block_sum(h, one, n) - block_sum(h, one, n - 1));
    }
    free(one);
    return total;
}

int hmm_depth(const Hmm *h) {
    int n = 1;
    for (double texts = h->symbols; texts * h->symbols <= 0x1p18; n++)
        texts *= h->symbols;
    return n;
}
