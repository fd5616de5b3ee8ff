#include "ch04_pretrain/spans.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/numeric/small.h"

SpanPlan span_plan(int length, double share, double mean) {
    assert(length >= 2);
    SpanPlan p;
    p.noise = int_min(int_max((int)lrint(length * share), 1), length - 1);
    p.spans = int_max((int)lrint(p.noise / mean), 1);
    p.spans = int_min(p.spans, int_min(p.noise, length - p.noise));
    p.input = length - p.noise + p.spans + 1;
    p.target = p.noise + p.spans + 1;
    return p;
}

int span_text_length(int input, double share, double mean) {
    int length = 2;
    while (span_plan(length + 1, share, mean).input <= input) length++;
    return length;
}

// Cuts `items` into `parts` non-empty parts: which parts - 1 of the items - 1 gaps are
// cut, all choices equally likely.
static void divide(Rng *rng, int items, int parts, int *size) {
    for (int i = 0; i < parts; i++) size[i] = 1;
    int part = 0, cuts = parts - 1;
    for (int gap = 0; gap < items - 1; gap++) {
        // of the gaps left, as many are cut as cuts are left
        if (rng_below(rng, items - 1 - gap) < cuts) part++, cuts--;
        else size[part]++;
    }
}

void span_mask(Rng *rng, int length, const SpanPlan *plan, bool *noise) {
    size_t parts = (size_t)plan->spans;
    int *kept = allocate(parts, sizeof *kept), *cut = allocate(parts, sizeof *cut);
    divide(rng, plan->noise, plan->spans, cut);
    divide(rng, length - plan->noise, plan->spans, kept);
    for (int s = 0, i = 0; s < plan->spans; s++) {
        while (kept[s]-- > 0) noise[i++] = false;
        while (cut[s]-- > 0) noise[i++] = true;
    }
    free(kept), free(cut);
}

int spans_of(const bool *noise, int length, Span *spans) {
    int count = 0;
    for (int i = 0; i < length; i++) {
        if (!noise[i]) continue;
        if (i == 0 || !noise[i - 1]) spans[count++] = (Span){i, 0};
        spans[count - 1].length++;
    }
    return count;
}

void span_corrupt(const int *text, int length, const bool *noise, int first_sentinel,
                  int end, int *input, int *target) {
    int span = first_sentinel;
    for (int i = 0; i < length; i++) {
        bool begins = noise[i] && (i == 0 || !noise[i - 1]);
        if (begins) *input++ = *target++ = span++;
        if (noise[i]) *target++ = text[i];
        else *input++ = text[i];
    }
    *input = *target = end;
}

static double log_choose(int n, int k) {
    if (k < 0 || k > n) return -INFINITY;
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1);
}

double span_length_chance(const SpanPlan *plan, int k) {
    int n = plan->noise, s = plan->spans;
    if (s == 1) return k == n;
    return exp(log_choose(n - k - 1, s - 2) - log_choose(n - 1, s - 1));
}
