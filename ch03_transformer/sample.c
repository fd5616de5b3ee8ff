#include "ch03_transformer/sample.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/numeric/vec.h"

int token_greedy(Mat logits) {
    assert(logits.cols >= 1 && logits.col_stride == 1 && "token_greedy: not a row");
    real most = array_max(logits.at, (size_t)logits.cols);
    int best = 0;
    while (best < logits.cols - 1 && logits.at[best] != most) best++;
    return best;
}

Candidates candidates_new(Mat logits, double temperature) {
    assert(temperature > 0 && "candidates_new: the temperature is not above 0");
    int n = logits.cols;
    Candidates c = {allocate((size_t)n, sizeof *c.list), n, 1};
    double sum = 0, most = *mat_at(logits, 0, token_greedy(logits));
    for (int i = 0; i < n; i++) {
        double p = exp((*mat_at(logits, 0, i) - most) / temperature);
        c.list[i] = (Candidate){p, i};
        sum += p;
    }
    for (int i = 0; i < n; i++) c.list[i].p /= sum;
    return c;
}

void candidates_free(Candidates *c) {
    free(c->list);
    *c = (Candidates){0};
}

static int by_probability(const void *a, const void *b) {
    const Candidate *x = a, *y = b;
    return x->p != y->p ? (x->p < y->p) - (x->p > y->p)
                        : (x->token > y->token) - (x->token < y->token);
}

void candidates_sort(Candidates *c) {
    qsort(c->list, (size_t)c->count, sizeof *c->list, by_probability);
}

void candidates_top_p(Candidates *c, double top_p) {
    if (top_p >= 1) return;
    // All that are below (1 - top_p) / n have less than 1 - top_p together: none of them
    // is needed, and most need no sorting.
    double least = (1 - top_p) * c->total / c->count;
    int kept = 0;
    for (int i = 0; i < c->count; i++)
        if (c->list[i].p >= least) c->list[kept++] = c->list[i];
    c->count = kept;
    candidates_sort(c);
    double sum = 0;
    for (int i = 0; i < c->count; i++)
        if ((sum += c->list[i].p) >= top_p * c->total) c->count = i + 1;
    c->total = sum;
}

int candidates_draw(const Candidates *c, Rng *rng) {
    double *p = allocate((size_t)c->count, sizeof *p);
    for (int i = 0; i < c->count; i++) p[i] = c->list[i].p;
    int drawn = rng_categorical(rng, p, c->count);
    free(p);
    return c->list[drawn].token;
}

int token_sample(Mat logits, double temperature, double top_p, Rng *rng) {
    Candidates c = candidates_new(logits, temperature);
    candidates_top_p(&c, top_p);
    int token = candidates_draw(&c, rng);
    candidates_free(&c);
    return token;
}
