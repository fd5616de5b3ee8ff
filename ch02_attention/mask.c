#include "ch02_attention/mask.h"

#include <assert.h>
#include <math.h>

#include "common/numeric/small.h"

// ---- the kinds: what each leaves of the keys that a query at position `at` may see

static KeyRange keep_none(KeyRange r, const Mask *mask, int at) {
    (void)mask, (void)at;  // no mask: all
    return r;
}

static KeyRange keep_causal(KeyRange r, const Mask *mask, int at) {
    if (mask->causal) r.end = long_min(at + 1LL, r.end);
    return r;
}

static KeyRange keep_window(KeyRange r, const Mask *mask, int at) {
    long long window = mask->window;  // as wide as an int can say
    if (!window) return r;
    r.first = long_max(at - window + 1, r.first);
    r.end = long_min(at + window, r.end);
    return r;
}

static KeyRange keep_padding(KeyRange r, const Mask *mask, int at) {
    (void)at;
    if (mask->key_lengths) r.end = long_min(mask->key_lengths[0], r.end);
    return r;
}

static KeyRange keep_prefix(KeyRange r, const Mask *mask, int at) {
    if (mask->prefixes) r.end = long_min(long_max(at + 1LL, mask->prefixes[0]), r.end);
    return r;
}

static KeyRange keep_documents(KeyRange r, const Mask *mask, int at) {
    if (!mask->firsts || at < 0) return r;
    int first = mask->firsts[at];
    long long end = at + 1LL;
    while (end < r.end && mask->firsts[end] == first) end++;
    r.first = long_max(first, r.first);
    r.end = long_min(end, r.end);
    return r;
}

static KeyRange keep_table(KeyRange r, const Mask *mask, int at) {
    (void)mask, (void)at;  // not one stretch: in_table
    return r;
}

#define KIND(NAME, name) #name,
const char *const mask_names[] = {MASK_LIST(KIND) NULL};
#undef KIND
// ---- masks

KeyRange mask_range(const Mask *mask, int queries, int keys, int query) {
    KeyRange r = {0, keys};
#define KIND(NAME, name) r = keep_##name(r, mask, query + (keys - queries));
    MASK_LIST(KIND)
#undef KIND
    r.end = long_max(r.end, 0);
    r.first = long_min(r.first, r.end);
    return r;
}

static bool in_table(const Mask *mask, int keys, int query, int key) {
    return !mask->allowed || mask->allowed[(size_t)query * keys + key];
}

bool mask_sees(const Mask *mask, int queries, int keys, int query, int key) {
    KeyRange r = mask_range(mask, queries, keys, query);
    return r.first <= key && key < r.end && in_table(mask, keys, query, key);
}

int mask_count(const Mask *mask, int queries, int keys, int query) {
    KeyRange r = mask_range(mask, queries, keys, query);
    int count = 0;
    if (!mask->allowed) return (int)(r.end - r.first);
    for (int j = (int)r.first; j < r.end; j++) count += in_table(mask, keys, query, j);
    return count;
}

Mask mask_of_sequence(const Mask *mask, int sequence) {
    Mask m = *mask;
    if (m.key_lengths) m.key_lengths += sequence;
    if (m.prefixes) m.prefixes += sequence;
    if (m.firsts) m.firsts += (size_t)sequence * m.firsts_step;
    if (m.allowed) m.allowed += (size_t)sequence * m.allowed_step;
    return m;
}

void mask_row(real *scores, int first, int n, const Mask *mask, int queries, int keys,
              int query) {
    mask_row_outside(scores, first, n, mask, keys, query,
                     mask_range(mask, queries, keys, query));
}

void mask_row_outside(real *scores, int first, int n, const Mask *mask, int keys,
                      int query, KeyRange r) {
    for (int j = 0; j < long_min(r.first - first, n); j++) scores[j] = -INFINITY;
    for (long long j = long_max(r.end - first, 0); j < n; j++) scores[j] = -INFINITY;
    if (!mask->allowed) return;
    const unsigned char *allowed = mask->allowed + (size_t)query * keys + first;
    for (int j = 0; j < n; j++) scores[j] = allowed[j] ? scores[j] : -INFINITY;
}

void mask_scores(Mat scores, const Mask *mask) {
    assert(scores.col_stride == 1 && "mask_scores: columns are not side by side");
    for (int i = 0; i < scores.rows; i++)
        mask_row(mat_at(scores, i, 0), 0, scores.cols, mask, scores.rows, scores.cols,
                 i);
}
