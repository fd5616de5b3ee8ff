#include "ch04_pretrain/floor.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/blanks.h"
#include "ch04_pretrain/glm.h"
#include "ch04_pretrain/mlm.h"
#include "common/error.h"

bool floor_is_known(ObjectiveKind kind, const Data *d) {
    if (!d->language) return false;
    switch (kind) {
        case OBJECTIVE_CLM:
        case OBJECTIVE_PREFIX: return true;
        // A story's own END is never masked: its masks are not quite the channel's.
        case OBJECTIVE_MLM:
            return d->language->kind->mask_posterior && !d->language->kind->ends;
        case OBJECTIVE_SPAN:
        case OBJECTIVE_GLM: return language_automaton(d->language) != NULL;
        case OBJECTIVE_NSP:
        case OBJECTIVE_SOP:
        case OBJECTIVE_KINDS: return false;
    }
    return false;
}

// The row is END and a text of time - 1 symbols.
static void masked_floor(const Batch *b, int row, const ObjectiveSettings *s,
                         const Data *d, double *nats) {
    const Language *l = d->language;
    const int *in = b->tokens + (size_t)row * b->time;
    const int *targets = b->targets + (size_t)row * b->time;
    const Corruption c = mlm_corruption(s);
    int n = b->time - 1, symbols = l->symbols;
    int *seen = allocate((size_t)n + 1, sizeof *seen);
    double *p = allocate((size_t)n * (size_t)symbols + 1, sizeof *p);
    for (int i = 0; i < n; i++)
        seen[i] = in[i + 1] == d->vocabulary ? MASKED : in[i + 1];
    l->kind->mask_posterior(l, &c, seen, n, p);
    for (int i = 0; i < n; i++)
        if (targets[i + 1] >= 0) nats[i + 1] = -log(p[i * symbols + targets[i + 1]]);
    free(seen), free(p);
}

// Rows of END and time - 1 symbols. T5 does not cut END's place, GLM may cut all after it.
static void blanks_floor(const Batch *b, int row, const ObjectiveSettings *s, Data *d,
                         long long n, double *nats) {
    int most = d->time / 2 + 1, count;
    int *tokens = allocate((size_t)d->time + 1, sizeof *tokens);
    int *order = allocate((size_t)most, sizeof *order);
    Span *spans = allocate((size_t)most, sizeof *spans);
    Rng rng = objective_row_rng(s, d, n);
    Draw draw = {tokens, n, d, s, &rng};
    data_row(d, n, tokens);
    memset(nats, 0, (size_t)b->time * sizeof *nats);
    if (s->kind == OBJECTIVE_GLM) {
        count = glm_cut(&draw, spans, order);
        for (int k = 0; k < count; k++) spans[k].first--;  // END is no symbol
        nats += b->prefixes[row];
    } else {
        count = span_cut(&rng, d->time - 1, spans);
        for (int k = 0; k < count; k++) order[k] = k;
        nats++;  // the first sentinel is certain
    }
    blanks_surprise(language_automaton(d->language), tokens + 1, d->time - 1, spans,
                    order, count, nats);
    free(tokens), free(order), free(spans);
}

void floor_of_row(const Batch *b, int row, const ObjectiveSettings *s, Data *d,
                  long long n, double *nats) {
    assert(floor_is_known(s->kind, d));
    if (s->kind == OBJECTIVE_MLM) {
        masked_floor(b, row, s, d, nats);
        return;
    }
    if (s->kind == OBJECTIVE_SPAN || s->kind == OBJECTIVE_GLM) {
        blanks_floor(b, row, s, d, n, nats);
        return;
    }
    int *tokens = allocate((size_t)d->time + 1, sizeof *tokens);
    data_row(d, n, tokens);
    data_surprise(d, tokens, nats);
    free(tokens);
}
