#include "ch04_pretrain/pairs.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/linear.h"

static int *put(int *to, int *segment, const int *from, int n, int sentence) {
    // after the corpus's end: any token, and no label
    for (int i = 0; i < n; i++)
        to[i] = from[i] == NO_TOKEN ? 0 : from[i], segment[i] = sentence;
    return to + n;
}

// [C] a [S] b [S] in row `row`; halves of `half` tokens each.
static void put_pair(Batch *b, int row, const int *one, const int *two, int half,
                     int vocabulary, int label) {
    size_t at = (size_t)row * b->time;
    const int class = vocabulary + PAIR_CLASS, separator = vocabulary + PAIR_SEPARATOR;
    int *to = b->tokens + at, *start = to, *segment = b->segments + at;
    to = put(to, segment, &class, 1, 0);
    to = put(to, segment + (to - start), one, half, 0);
    to = put(to, segment + (to - start), &separator, 1, 0);
    to = put(to, segment + (to - start), two, half, 1);
    to = put(to, segment + (to - start), &separator, 1, 1);
    b->lengths[row] = (int)(to - start);
    for (; to < start + b->time; to++) *to = 0;
    for (int i = 0; i < b->time; i++) b->targets[at + (size_t)i] = IGNORED;
    bool whole = one[half - 1] != NO_TOKEN && two[half - 1] != NO_TOKEN;
    b->labels[row] = whole ? label : IGNORED;
}

int pair_time(int time) { return time / 2 * 2 + 3; }

void sop_fill(Batch *b, int row, const Draw *from) {
    int half = from->data->time / 2, label = rng_below(from->rng, 2);
    const int *one = from->tokens, *two = one + half;
    put_pair(b, row, label ? one : two, label ? two : one, half, from->data->vocabulary,
             label);
}

// Another row of the data, whatever it is: one that is surely not this one.
static long long another_row(const Data *d, long long n, Rng *rng) {
    if (!d->rows) return n + 1 + (long long)(rng_bits(rng) >> 2) % (LLONG_MAX / 4);
    return d->rows == 1
               ? n
               : n - n % d->rows
                     + (n % d->rows + 1 + rng_below(rng, (int)d->rows - 1)) % d->rows;
}

void nsp_fill(Batch *b, int row, const Draw *from) {
    Data *d = from->data;
    int half = d->time / 2, label = rng_below(from->rng, 2);
    int *other = allocate((size_t)d->time + 1, sizeof *other);
    const int *two = from->tokens + half;
    if (!label) {
        data_row(d, another_row(d, from->n, from->rng), other);
        two = other + half;
    }
    put_pair(b, row, from->tokens, two, half, d->vocabulary, label);
    free(other);
}

// ---- the classifier

static const char NAME[] = "pair.weight";

void pair_head_add(Model *m) {
    int channels = m->config.channels;
    params_add(&m->params, channels, 2, normal(1 / sqrt(channels)), NAME);
}

Node *pair_logits(Tape *t, const Model *m, const Batch *b) {
    Tokens in = batch_tokens(b);
    Node *pooled = model_pool(t, m, model_hidden(t, m, &in), &in);
    int index = params_find(&m->params, NAME);
    assert(index >= 0 && "pair_logits: a model without a classifier");
    return matmul_node(t, pooled, param(t, index), NULL);
}
