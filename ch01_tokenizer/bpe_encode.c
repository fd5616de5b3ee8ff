#include "ch01_tokenizer/bpe_encode.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

// ---- the pair table

static const uint64_t EMPTY = UINT64_MAX;
enum { MERGED_BITS = 64 - 2 * PAIR_BITS };

static uint64_t key_of(int left, int right) {
    return (uint64_t)left << PAIR_BITS | (uint64_t)right;
}

// Where the key is, or the empty slot where it belongs.
static size_t probe(const PairTable *table, uint64_t key) {
    size_t mask = ((size_t)1 << (64 - table->shift)) - 1;
    // the product's upper bits are well mixed
    size_t i = (size_t)(key * 0x9e3779b97f4a7c15u >> table->shift);
    while (table->slots[i] != EMPTY && table->slots[i] >> MERGED_BITS != key)
        i = (i + 1) & mask;
    return i;
}

static void grow(PairTable *table) {
    uint64_t *old = table->slots;
    size_t old_size = old ? (size_t)1 << (64 - table->shift) : 0,
           size = old ? 2 * old_size : 64;
    table->slots = reallocate(NULL, size, sizeof *table->slots);
    table->shift = old ? table->shift - 1 : 64 - 6;
    for (size_t i = 0; i < size; i++) table->slots[i] = EMPTY;
    for (size_t i = 0; i < old_size; i++)
        if (old[i] != EMPTY) table->slots[probe(table, old[i] >> MERGED_BITS)] = old[i];
    free(old);
}

void pair_table_add(PairTable *table, int left, int right, int merged) {
    assert(left >= 0 && left < PAIR_SYMBOLS && right >= 0 && right < PAIR_SYMBOLS
           && merged >= 0);
    assert(merged < 1 << MERGED_BITS && merged != (1 << MERGED_BITS) - 1);
    if (!table->slots || 2 * table->used >= (size_t)1 << (64 - table->shift))
        grow(table);
    size_t i = probe(table, key_of(left, right));
    if (table->slots[i] != EMPTY) return;
    table->slots[i] = key_of(left, right) << MERGED_BITS | (uint64_t)merged;
    table->used++;
}

int pair_find(const PairTable *table, int left, int right) {
    if (!table->slots) return NO_SYMBOL;
    uint64_t slot = table->slots[probe(table, key_of(left, right))];
    return slot == EMPTY ? NO_SYMBOL : (int)(slot & ((1 << MERGED_BITS) - 1));
}

PairTable pair_table_of(const Merges *merges) {
    PairTable table = {0};
    for (int t = 0; t < merges->count; t++)
        pair_table_add(&table, merges->pairs[t].left, merges->pairs[t].right,
                       merges->base + t);
    return table;
}

void pair_table_free(PairTable *table) {
    free(table->slots);
    *table = (PairTable){0};
}

// ---- the definition

size_t bpe_encode_naive(const PairTable *table, int *symbols, size_t n,
                        EncodeWork *work) {
    EncodeWork unused = {0};
    if (!work) work = &unused;
    for (;;) {
        int best = NO_SYMBOL;
        size_t where = 0;
        for (size_t i = 0; i + 1 < n; i++) {
            int merged = pair_find(table, symbols[i], symbols[i + 1]);
            work->inspections++;
            if (merged != NO_SYMBOL && (best == NO_SYMBOL || merged < best))
                best = merged, where = i;
        }
        if (best == NO_SYMBOL) return n;
        work->merges++;
        symbols[where] = best;
        n--;
        memmove(&symbols[where + 1], &symbols[where + 2],
                (n - where - 1) * sizeof *symbols);
    }
}

// ---- for words

size_t bpe_encode_scan(const PairTable *table, int *symbols, size_t n) {
    assert(n <= BPE_SCAN_MOST);
    int merged[BPE_SCAN_MOST];
    for (size_t i = 0; i + 1 < n; i++)
        merged[i] = pair_find(table, symbols[i], symbols[i + 1]);
    return bpe_merge_scan(table, symbols, merged, n);
}

size_t bpe_merge_scan(const PairTable *table, int *symbols, int *merged, size_t n) {
    while (n > 1) {
        unsigned best = (unsigned)NO_SYMBOL;  // the largest there is
        // vector code
        for (size_t i = 0; i < n - 1; i++)
            best = (unsigned)merged[i] < best ? (unsigned)merged[i] : best;
        if (best == (unsigned)NO_SYMBOL) break;
        size_t where = 0;
        while (merged[where] != (int)best) where++;
        symbols[where] = (int)best;
        n--;
        for (size_t i = where + 1; i < n; i++) symbols[i] = symbols[i + 1];
        for (size_t i = where + 1; i + 1 < n; i++) merged[i] = merged[i + 1];
        if (where + 1 < n)
            merged[where] = pair_find(table, symbols[where], symbols[where + 1]);
        if (where > 0)
            merged[where - 1] = pair_find(table, symbols[where - 1], symbols[where]);
    }
    return n;
}

// ---- for long pieces

typedef struct {
    int merged;
    size_t place;
} Entry;

typedef struct {
    Entry *heap;
    size_t size, capacity;
    int *symbols;
    // [n] what the pair that begins here merges to, or NO_SYMBOL: an Entry that says
    int *merged;
    // otherwise is stale
    size_t *next, *previous;  // [n] the neighbours still there; n: none
    size_t n;
    const PairTable *table;
    EncodeWork *work;
} Encoder;

static bool sooner(Entry a, Entry b) {
    return a.merged != b.merged ? a.merged < b.merged : a.place < b.place;
}

static void push(Encoder *e, Entry entry) {
    reserve(e->heap, e->capacity, e->size + 1);
    size_t i = e->size++;
    for (; i > 0 && sooner(entry, e->heap[(i - 1) / 2]); i = (i - 1) / 2)
        e->heap[i] = e->heap[(i - 1) / 2];
    e->heap[i] = entry;
    e->work->pushes++;
}

static Entry pop(Encoder *e) {
    Entry top = e->heap[0], last = e->heap[--e->size];
    size_t i = 0, child;
    for (; (child = 2 * i + 1) < e->size; i = child) {
        if (child + 1 < e->size && sooner(e->heap[child + 1], e->heap[child])) child++;
        if (!sooner(e->heap[child], last)) break;
        e->heap[i] = e->heap[child];
    }
    e->heap[i] = last;
    return top;
}

// Looks the pair that begins at `place` up, and queues it if it has a merge.
static void consider(Encoder *e, size_t place) {
    size_t next = e->next[place];
    int merged = next == e->n
                     ? NO_SYMBOL
                     : pair_find(e->table, e->symbols[place], e->symbols[next]);
    e->merged[place] = merged;
    if (merged != NO_SYMBOL) push(e, (Entry){merged, place});
}

static void merge(Encoder *e, size_t place) {
    size_t gone = e->next[place], after = e->next[gone], before = e->previous[place];
    if (e->work->on_merge)
        e->work->on_merge(e->work->context, e->symbols[place], e->symbols[gone],
                          e->merged[place]);
    e->symbols[place] = e->merged[place];
    e->symbols[gone] = e->merged[gone] = NO_SYMBOL;
    e->next[place] = after;
    if (after != e->n) e->previous[after] = place;
    consider(e, place);
    if (before != e->n) consider(e, before);
    e->work->merges++;
}

size_t bpe_encode_heap(const PairTable *table, int *symbols, size_t n,
                       EncodeWork *work) {
    EncodeWork unused = {0};
    Encoder e = {
        .symbols = symbols, .n = n, .table = table, .work = work ? work : &unused};
    e.merged = reallocate(NULL, n, sizeof *e.merged);
    e.next = reallocate(NULL, n, sizeof *e.next);
    e.previous = reallocate(NULL, n, sizeof *e.previous);
    for (size_t i = 0; i < n; i++)
        e.next[i] = i + 1, e.previous[i] = i == 0 ? n : i - 1;
    for (size_t i = 0; i < n; i++) consider(&e, i);
    while (e.size > 0) {
        Entry entry = pop(&e);
        if (e.merged[entry.place] == entry.merged) merge(&e, entry.place);
    }
    size_t left = 0;
    for (size_t i = 0; i < n; i++)
        if (symbols[i] != NO_SYMBOL) symbols[left++] = symbols[i];
    free(e.heap), free(e.merged), free(e.next), free(e.previous);
    return left;
}
