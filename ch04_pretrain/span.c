#include "ch04_pretrain/span.h"

#include <stdlib.h>

#include "common/error.h"

const double SPAN_SHARE = 0.15;

static SpanPlan plan_of(int n) { return span_plan(n, SPAN_SHARE, SPAN_MEAN); }

int span_sentinels(int time) { return plan_of(time).spans; }
int span_source_time(int time) { return plan_of(time).input; }
int span_target_time(int time) { return plan_of(time).target; }

int span_document(const Draw *from) {
    int n = 0, end = from->data->end;
    while (n < from->data->time && from->tokens[n] != NO_TOKEN
           && (n == 0 || from->tokens[n] != end))
        n++;
    return n;
}

int span_cut(Rng *rng, int n, Span *spans) {
    SpanPlan plan = plan_of(n);
    bool *noise = allocate((size_t)n, sizeof *noise);
    span_mask(rng, n, &plan, noise);
    int count = spans_of(noise, n, spans);
    free(noise);
    return count;
}

static void clear(int *ids, int n, int value) {
    for (int i = 0; i < n; i++) ids[i] = value;
}

void span_fill(Batch *b, int row, const Draw *from) {
    const Data *d = from->data;
    int *source = b->source + (size_t)row * b->source_time;
    int *in = b->tokens + (size_t)row * b->time;
    int *targets = b->targets + (size_t)row * b->time;
    clear(source, b->source_time, d->end), clear(in, b->time, d->end);
    clear(targets, b->time, IGNORED);
    b->source_lengths[row] = b->lengths[row] = 1;
    int first = from->tokens[0] == d->end, n = span_document(from) - first;
    if (n < 2) return;  // nothing to cut out
    SpanPlan plan = plan_of(n);
    bool *noise = allocate((size_t)n, sizeof *noise);
    span_mask(from->rng, n, &plan, noise);
    span_corrupt(from->tokens + first, n, noise, d->vocabulary, d->end, source,
                 targets);
    free(noise);
    b->source_lengths[row] = plan.input, b->lengths[row] = plan.target;
    // shifted by one: the decoder begins with END
    for (int i = 1; i < plan.target; i++) in[i] = targets[i - 1];
}
