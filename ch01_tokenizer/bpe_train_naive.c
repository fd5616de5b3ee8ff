// The textbook loop of BPE training: count every pair, replace the best, start again.
// Lecture, section 1.4.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/bpe_encode.h"
#include "ch01_tokenizer/bpe_train.h"
#include "common/error.h"

typedef struct {
    Pair *pairs;
    uint64_t *counts;
    size_t size, pairs_capacity, counts_capacity;
    PairTable index;  // pair -> its place in the two arrays
} PairCounts;

static void count_pair(PairCounts *all, int left, int right, uint64_t count) {
    int i = pair_find(&all->index, left, right);
    if (i == NO_SYMBOL) {
        i = (int)all->size++;
        reserve(all->pairs, all->pairs_capacity, all->size);
        reserve(all->counts, all->counts_capacity, all->size);
        pair_table_add(&all->index, left, right, i);
        all->pairs[i] = (Pair){left, right};
        all->counts[i] = 0;
    }
    all->counts[i] += count;
}

static PairCounts count_all_pairs(const Words *words, TrainWork *work) {
    PairCounts all = {0};
    for (size_t i = 0; i + 1 < words->size; i++) {
        if (words->cells[i] == NO_SYMBOL) continue;
        work->visits++;
        if (words->cells[i + 1] == NO_SYMBOL) continue;
        count_pair(&all, words->cells[i], words->cells[i + 1],
                   words->counts[i / WORD_ALIGN]);
        work->updates++;
    }
    return all;
}

static bool before(Pair a, uint64_t a_count, Pair b, uint64_t b_count) {
    if (a_count != b_count) return a_count > b_count;
    return a.left != b.left ? a.left < b.left : a.right < b.right;
}

static bool best_pair(const PairCounts *all, Pair *best, uint64_t *count) {
    *count = 0;
    for (size_t i = 0; i < all->size; i++)
        if (*count == 0 || before(all->pairs[i], all->counts[i], *best, *count))
            *best = all->pairs[i], *count = all->counts[i];
    return *count > 0;
}

// Puts `merged` in place of the pair everywhere, and closes the holes up; returns r_t.
static uint64_t replace(Words *words, Pair pair, int merged) {
    uint64_t replaced = 0;
    size_t to = 0, size = words->size;
    int32_t *cells = words->cells;
    for (size_t from = 0; from < size; from++) {
        if (cells[from] == NO_SYMBOL) continue;
        if (from == 0 || cells[from - 1] == NO_SYMBOL) to = from;  // a word begins
        bool match = cells[from] == pair.left && cells[from + 1] == pair.right;
        int symbol = match ? merged : cells[from];
        if (match) {
            replaced += words->counts[from / WORD_ALIGN];
            from++;
        }
        cells[to++] = symbol;
        // the word ends: blank what it no longer needs
        if (cells[from + 1] == NO_SYMBOL)
            for (size_t i = to; i <= from; i++) cells[i] = NO_SYMBOL;
    }
    return replaced;
}

void bpe_train_naive(Merges *merges, Words *words, int base, int count,
                     TrainWork *work) {
    TrainWork unused = {0};
    if (!work) work = &unused;
    *merges = (Merges){.base = base,
                       .pairs = allocate((size_t)count, sizeof(Pair)),
                       .found = allocate((size_t)count, sizeof(uint64_t)),
                       .replaced = allocate((size_t)count, sizeof(uint64_t))};
    for (int t = 0; t < count; t++) {
        PairCounts all = count_all_pairs(words, work);
        bool any = best_pair(&all, &merges->pairs[t], &merges->found[t]);
        free(all.pairs), free(all.counts), pair_table_free(&all.index);
        if (!any) break;
        merges->replaced[t] = replace(words, merges->pairs[t], base + t);
        merges->count = t + 1;
    }
}
