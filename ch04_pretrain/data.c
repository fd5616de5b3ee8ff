#include "ch04_pretrain/data.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

static void order_of_epoch(Data *d, long long epoch) {
    if (d->epoch == epoch) return;
    for (int i = 0; i < (int)d->rows; i++) d->order[i] = i;
    Rng rng = rng_split(&d->rng, (uint64_t)epoch);
    rng_shuffle(&rng, d->order, (int)d->rows);
    d->epoch = epoch;
}

long long data_row_of(Data *d, long long n) {
    order_of_epoch(d, n / d->rows);
    return d->order[n % d->rows];
}

static void fill_from_corpus(Data *d, long long n, int *tokens) {
    const Corpus *c = d->of;
    size_t at = (size_t)data_row_of(d, n) * (size_t)d->time;
    for (int i = 0; i <= d->time; i++, at++)
        tokens[i] = at < c->count ? c->ids[at] : NO_TOKEN;
}

Data data_of_corpus(const Corpus *c, int vocabulary, int time, uint64_t seed) {
    assert(c->count >= 2 && time >= 1);
    // The last token is nobody's input: it begins no row.
    long long rows = ((long long)c->count - 2) / time + 1;
    assert(rows <= INT_MAX && "data_of_corpus: more than 2^31 rows");
    return (Data){.vocabulary = vocabulary,
                  .time = time,
                  .end = c->end,
                  .rows = rows,
                  .rng = rng_new(seed),
                  .of = c,
                  .fill = fill_from_corpus,
                  .order = allocate((size_t)rows, sizeof(int)),
                  .epoch = -1};
}

static void fill_from_language(Data *d, long long n, int *tokens) {
    const Language *l = d->language;
    Rng rng = rng_split(&d->rng, (uint64_t)n);
    tokens[0] = d->end;
    // a story brings its END along; a text that never ends fills the row
    for (int at = 1; at <= d->time;)
        at += l->kind->generate(l, &rng, tokens + at, d->time + 1 - at);
}

Data data_of_language(const Language *l, int time, uint64_t seed) {
    assert(time >= 1);
    bool ends = l->kind->ends;
    return (Data){.vocabulary = l->symbols + !ends,
                  .time = time,
                  .end = ends ? language_end(l) : l->symbols,
                  .rng = rng_new(seed),
                  .language = l,
                  .fill = fill_from_language,
                  .epoch = -1};
}

void data_surprise(const Data *d, const int *tokens, double *nats) {
    assert(d->language && tokens[0] == d->end);
    for (int from = 0, n; from < d->time; from += n) {
        for (n = 1; from + n < d->time && tokens[from + n] != d->end;) n++;
        d->language->kind->surprise(d->language, tokens + from + 1, n, nats + from);
    }
}

void data_free(Data *d) {
    free(d->order);
    *d = (Data){0};
}

void data_row(Data *d, long long n, int *tokens) {
    assert(n >= 0);
    d->fill(d, n, tokens);
}
