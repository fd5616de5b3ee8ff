#include "ch05_sft_rlhf/bm25.h"

#include <math.h>
#include <stdlib.h>

#include "common/error.h"

double bm25_idf(int texts, int with_it) {
    return log(1 + (texts - with_it + 0.5) / (with_it + 0.5));
}

static int by_term(const void *a, const void *b) {
    const Posting *x = a, *y = b;
    if (x->term != y->term) return x->term < y->term ? -1 : 1;
    return (x->text > y->text) - (x->text < y->text);
}

// Postings of one term and text become one, with a count.
static void join_equal(Bm25 *m) {
    size_t kept = 0;
    for (size_t i = 0; i < m->count; i++) {
        Posting *last = kept ? &m->postings[kept - 1] : NULL;
        if (last && by_term(last, &m->postings[i]) == 0) last->times++;
        else m->postings[kept++] = m->postings[i];
    }
    m->count = kept;
}

Bm25 bm25_new(const Terms *texts, int count, double k1, double b) {
    Bm25 m = {.texts = count, .k1 = k1, .b = b};
    m.lengths = allocate((size_t)count + 1, sizeof *m.lengths);
    double words = 0;
    for (int d = 0; d < count; d++) {
        m.lengths[d] = texts[d].count, words += texts[d].count;
        for (int i = 0; i < texts[d].count; i++) {
            reserve(m.postings, m.capacity, m.count + 1);
            m.postings[m.count++] = (Posting){texts[d].list[i].hash, d, 1};
        }
    }
    m.mean_length = count ? words / count : 0;
    if (m.count) qsort(m.postings, m.count, sizeof *m.postings, by_term);
    join_equal(&m);
    return m;
}

void bm25_free(Bm25 *m) {
    free(m->postings), free(m->lengths);
    *m = (Bm25){0};
}

// The first posting of a term, or of the next one that there is.
static size_t first_of(const Bm25 *m, uint64_t term) {
    size_t low = 0, high = m->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (m->postings[middle].term < term) low = middle + 1;
        else high = middle;
    }
    return low;
}

static void add_term(const Bm25 *m, uint64_t term, double *to) {
    size_t first = first_of(m, term), end = first;
    while (end < m->count && m->postings[end].term == term) end++;
    double idf = bm25_idf(m->texts, (int)(end - first));
    for (size_t i = first; i < end; i++) {
        const Posting *p = &m->postings[i];
        double length = m->lengths[p->text] / m->mean_length, tf = p->times;
        to[p->text] +=
            idf * tf * (m->k1 + 1) / (tf + m->k1 * (1 - m->b + m->b * length));
    }
}

void bm25_scores(const Bm25 *m, const Terms *question, double *to) {
    for (int d = 0; d < m->texts; d++) to[d] = 0;
    for (int i = 0; i < question->count; i++) add_term(m, question->list[i].hash, to);
}
