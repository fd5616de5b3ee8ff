#include "ch03_transformer/candidates.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/numeric/vec.h"

Candidates candidates_new(Mat logits, double temperature) {
    assert(temperature > 0 && "candidates_new: the temperature is not above 0");
    assert(logits.cols >= 1 && logits.col_stride == 1 && "candidates_new: not a row");
    int n = logits.cols;
    Candidates c = {allocate((size_t)n, sizeof *c.list), n, 1};
    double sum = 0, most = array_max(logits.at, (size_t)n);
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

int candidates_draw(const Candidates *c, Rng *rng) {
    double *p = allocate((size_t)c->count, sizeof *p);
    for (int i = 0; i < c->count; i++) p[i] = c->list[i].p;
    int drawn = rng_categorical(rng, p, c->count);
    free(p);
    return drawn;
}
