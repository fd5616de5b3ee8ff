#include "ch04_pretrain/floor.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/blanks.h"
#include "ch04_pretrain/glm.h"
#include "ch04_pretrain/mlm.h"
#include "common/error.h"

// The row is END and a text of time - 1 symbols.
static void masked_floor(const Batch *b, int row, const ObjectiveSettings *s, Data *d,
                         long long number, double *nats) {
    (void)number;
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

// What was cut out of a row, and in which order it is filled in; returns how many spans.
typedef int Cut(const Draw *from, Span *spans, int *order);

static int cut_spans(const Draw *from, Span *spans, int *order) {
    int count = span_cut(from->rng, from->data->time - 1, spans);
    for (int k = 0; k < count; k++) order[k] = k;
    return count;
}

static int cut_blanks(const Draw *from, Span *spans, int *order) {
    int count = glm_cut(from, spans, order);
    for (int k = 0; k < count; k++) spans[k].first--;  // END is no symbol
    return count;
}

// Rows of END and time - 1 symbols; nats of the first span's first token and all after.
static void cut_floor(Cut *cut, const ObjectiveSettings *s, Data *d, long long n,
                      double *nats) {
    int most = d->time / 2 + 1;
    int *tokens = allocate((size_t)d->time + 1, sizeof *tokens);
    int *order = allocate((size_t)most, sizeof *order);
    Span *spans = allocate((size_t)most, sizeof *spans);
    Rng rng = objective_row_rng(s, d, n);
    data_row(d, n, tokens);
    int count = cut(&(Draw){tokens, n, d, s, &rng}, spans, order);
    blanks_surprise(language_automaton(d->language), tokens + 1, d->time - 1, spans,
                    order, count, nats);
    free(tokens), free(order), free(spans);
}

static void span_floor(const Batch *b, int row, const ObjectiveSettings *s, Data *d,
                       long long n, double *nats) {
    (void)b, (void)row;
    // the first sentinel is certain: T5 does not cut END's place
    cut_floor(cut_spans, s, d, n, nats + 1);
}

static void glm_floor(const Batch *b, int row, const ObjectiveSettings *s, Data *d,
                      long long n, double *nats) {
    cut_floor(cut_blanks, s, d, n, nats + b->prefixes[row]);
}

static void text_floor(const Batch *b, int row, const ObjectiveSettings *s, Data *d,
                       long long n, double *nats) {
    (void)b, (void)row, (void)s;
    int *tokens = allocate((size_t)d->time + 1, sizeof *tokens);
    data_row(d, n, tokens);
    data_surprise(d, tokens, nats);
    free(tokens);
}

// ---- the kinds

static bool any(const Language *l) { return l != NULL; }
// A story's own END is never masked: its masks are not quite the channel's.
static bool has_posterior(const Language *l) {
    return l->kind->mask_posterior && !l->kind->ends;
}
static bool has_automaton(const Language *l) { return language_automaton(l) != NULL; }

// NULL: nobody knows it.
static const struct {
    bool (*is_known)(const Language *l);
    void (*of_row)(const Batch *b, int row, const ObjectiveSettings *s, Data *d,
                   long long n, double *nats);
} floors[] = {
    [OBJECTIVE_CLM] = {any, text_floor},
    [OBJECTIVE_PREFIX] = {any, text_floor},
    [OBJECTIVE_MLM] = {has_posterior, masked_floor},
    [OBJECTIVE_SPAN] = {has_automaton, span_floor},
    [OBJECTIVE_GLM] = {has_automaton, glm_floor},
    [OBJECTIVE_NSP] = {NULL, NULL},
    [OBJECTIVE_SOP] = {NULL, NULL},
};
_Static_assert(sizeof floors / sizeof *floors == OBJECTIVE_KINDS,
               "an objective of which nobody says whether it has a floor");

bool floor_is_known(ObjectiveKind kind, const Data *d) {
    return d->language && floors[kind].is_known && floors[kind].is_known(d->language);
}

void floor_of_row(const Batch *b, int row, const ObjectiveSettings *s, Data *d,
                  long long n, double *nats) {
    assert(floor_is_known(s->kind, d));
    memset(nats, 0, (size_t)b->time * sizeof *nats);
    floors[s->kind].of_row(b, row, s, d, n, nats);
}
