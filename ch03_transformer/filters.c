#include "ch03_transformer/filters.h"

#include <assert.h>
#include <math.h>

// A sum of probabilities that is top_p but for the rounding of fp32 logits has reached
// it.
static const double ROUNDING = 1e-6;

// What is left of the first `count`.
static void keep(Candidates *c, int count) {
    c->count = count;
    c->total = 0;
    for (int i = 0; i < count; i++) c->total += c->list[i].p;
}

void candidates_top_k(Candidates *c, int k) {
    assert(k >= 1);
    if (k >= c->count) return;
    candidates_sort(c);
    keep(c, k);
}

// Moves those with at least `least` to the front: how many there are.
static int at_least(Candidates *c, double least) {
    int kept = 0;
    for (int i = 0; i < c->count; i++)
        if (c->list[i].p >= least) c->list[kept++] = c->list[i];
    return kept;
}

void candidates_top_p(Candidates *c, double top_p) {
    if (top_p >= 1) return;
    // All that are below (1 - top_p) / n have less than 1 - top_p together: none of
    // them is needed, and most need no sorting.
    c->count = at_least(c, (1 - top_p) * c->total / c->count);
    candidates_sort(c);
    double sum = 0;
    int kept = 0;
    do sum += c->list[kept++].p;
    while (kept < c->count && sum < (top_p - ROUNDING) * c->total);
    keep(c, kept);
}

void candidates_min_p(Candidates *c, double min_p) {
    double most = 0;
    for (int i = 0; i < c->count; i++) most = fmax(most, c->list[i].p);
    keep(c, at_least(c, min_p * most));
}
