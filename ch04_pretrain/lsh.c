#include "ch04_pretrain/lsh.h"

#include <math.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/numeric/hash.h"
#include "common/numeric/small.h"

double lsh_curve(double s, int rows, int bands) {
    return 1 - pow(1 - pow(s, rows), bands);
}

double lsh_threshold(int rows, int bands) { return pow(1.0 / bands, 1.0 / rows); }

// ---- groups: a tree each, whose root is its first document

static size_t root_of(size_t *group, size_t i) {
    while (group[i] != i) i = group[i] = group[group[i]];
    return i;
}

static void join(size_t *group, size_t a, size_t b) {
    group[size_max(a, b)] = size_min(a, b);
}

// ---- buckets

typedef struct {
    uint64_t key;
    size_t document;
} Entry;

static int by_key_and_document(const void *a, const void *b) {
    const Entry *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->document > y->document) - (x->document < y->document);
}

typedef struct {
    size_t *group;
    bool (*same)(const void *of, size_t i, size_t j);
    const void *of;
    size_t asked;
} Grouping;

// All pairs of one bucket that are not in a group yet.
static void group_bucket(Grouping *g, const Entry *bucket, size_t size) {
    for (size_t j = 1; j < size; j++)
        for (size_t i = 0; i < j; i++) {
            size_t a = bucket[i].document, b = bucket[j].document;
            size_t of_a = root_of(g->group, a), of_b = root_of(g->group, b);
            if (of_a == of_b) continue;
            g->asked++;
            if (g->same(g->of, a, b)) join(g->group, of_a, of_b);
        }
}

size_t lsh_group(size_t *group, const uint64_t *signatures, size_t count, int rows,
                 int bands, bool (*same)(const void *of, size_t i, size_t j),
                 const void *of) {
    Grouping g = {group, same, of, 0};
    size_t r = (size_t)rows, k = r * (size_t)bands;
    Entry *entries = allocate(count, sizeof *entries);
    for (size_t i = 0; i < count; i++) group[i] = i;
    for (size_t band = 0; band < (size_t)bands; band++) {
        for (size_t i = 0; i < count; i++)
            entries[i] = (Entry){hash_bytes(HASH_START, signatures + i * k + band * r,
                                            r * sizeof *signatures),
                                 i};
        qsort(entries, count, sizeof *entries, by_key_and_document);
        for (size_t from = 0, to; from < count; from = to) {
            for (to = from + 1; to < count && entries[to].key == entries[from].key;)
                to++;
            group_bucket(&g, entries + from, to - from);
        }
    }
    for (size_t i = 0; i < count; i++) group[i] = root_of(group, i);
    free(entries);
    return g.asked;
}
