#include "ch04_pretrain/glm.h"

#include <assert.h>
#include <stdlib.h>

#include "common/error.h"

int glm_time(int time) { return time + 2 * span_sentinels(time); }

typedef struct {
    int *tokens, *targets, *positions, *segments, at;
} Writer;

static void put(Writer *w, int token, int target, int position, int segment) {
    w->tokens[w->at] = token, w->targets[w->at] = target;
    w->positions[w->at] = position, w->segments[w->at++] = segment;
}

// The text with a [M] for each span; blank[s]: where it is.
static void put_part_a(Writer *w, const int *text, int n, const Span *spans, int count,
                       int mask, int *blank) {
    for (int i = 0, s = 0; i < n;) {
        bool cut = s < count && i == spans[s].first;
        if (cut) blank[s] = w->at;
        put(w, cut ? mask : text[i], IGNORED, w->at, 0);
        i += cut ? spans[s++].length : 1;
    }
}

static void put_span(Writer *w, const int *text, Span span, int blank, int start,
                     int end) {
    for (int i = 0; i <= span.length; i++)
        put(w, i ? text[span.first + i - 1] : start,
            i < span.length ? text[span.first + i] : end, blank, i + 1);
}

void glm_row(Batch *b, int row, const int *text, int n, const Span *spans,
             const int *order, int count, int vocabulary) {
    size_t at = (size_t)row * b->time;
    Writer w = {b->tokens + at, b->targets + at, b->positions + at, b->segments + at,
                0};
    int *blank = allocate((size_t)count + 1, sizeof *blank);
    put_part_a(&w, text, n, spans, count, vocabulary + GLM_MASK, blank);
    b->prefixes[row] = w.at;
    for (int s = 0; s < count; s++)
        put_span(&w, text, spans[order[s]], blank[order[s]], vocabulary + GLM_START,
                 vocabulary + GLM_END);
    b->lengths[row] = w.at;
    assert(w.at <= b->time);
    while (w.at < b->time) put(&w, 0, IGNORED, 0, 0);  // padding, seen by nobody
    free(blank);
}

int glm_cut(const Draw *from, Span *spans, int *order) {
    int n = span_document(from), count = n >= 2 ? span_cut(from->rng, n, spans) : 0;
    for (int i = 0; i < count; i++) order[i] = i;
    rng_shuffle(from->rng, order, count);
    return count;
}

void glm_fill(Batch *b, int row, const Draw *from) {
    size_t most = (size_t)from->data->time / 2 + 1;
    Span *spans = allocate(most, sizeof *spans);
    int *order = allocate(most, sizeof *order);
    int count = glm_cut(from, spans, order);
    glm_row(b, row, from->tokens, span_document(from), spans, order, count,
            from->data->vocabulary);
    free(spans), free(order);
}
