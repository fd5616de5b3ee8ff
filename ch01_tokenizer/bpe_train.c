// BPE training with lists of occurrences. Lecture, section 1.5.
//
// A token of length n covers n cells, and is written in its first and in its last one, so
// that both neighbours are one step away:
//
//     cells    X  .  X  b  Y  Y        X = 3 symbols long, b = 1, Y = 2;  . is NO_SYMBOL
//              ^ p      ^ p + length[X]      and cells[p - 1] is the token before p
//
// Every pair still worth considering is a Candidate with the places where it was when
// it was made. It is not kept up to date. It need not be: a pair's places are all made
// at once, together with its newer symbol, and from then on its count can only fall
// (lecture, claim 1.8). So a stale count is an upper bound, and the best pair is found
// by taking the highest bound from a heap, counting again, and putting it back if the
// count has fallen.
//
// The same fact allows forgetting. A pair below `threshold` will not be chosen before
// all those above it are gone; only then is the corpus counted again, with a lower
// threshold.
#include "ch01_tokenizer/bpe_train.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

typedef struct {
    uint64_t count;  // never below the true count
    int left, right;
    uint32_t *places;  // where left begins, ascending; some no longer hold the pair
    uint32_t size;
    // places are this candidate's to free; otherwise they lie in Trainer.recounted
    bool owned;
} Candidate;

// Places with the symbols that stand beside them.
typedef struct {
    int *keys;
    uint32_t *places;
    size_t size, capacity;
} Beside;

typedef struct {
    Words *words;
    uint32_t *length;  // [symbols] cells a symbol covers
    int symbols;       // so far
    Candidate *heap;   // the best on top
    size_t heap_size, heap_capacity;
    uint64_t threshold;   // candidates below it are dropped
    uint32_t *recounted;  // the places of all candidates of the last recount
    size_t tokens;        // in the corpus at the last recount
    size_t fresh;         // places in lists made since then
    // Scratch for group(): for each symbol, how often and how many places; zero between
    // calls.
    uint64_t *tally;
    uint32_t *number;
    int *touched;
    Beside next, previous;  // of the places that add_neighbours() and recount() look at
    TrainWork work;
} Trainer;

// ---- the heap

static bool better(const Candidate *a, const Candidate *b) {
    if (a->count != b->count) return a->count > b->count;
    return a->left != b->left ? a->left < b->left : a->right < b->right;
}

static void heap_push(Trainer *t, Candidate candidate) {
    reserve(t->heap, t->heap_capacity, t->heap_size + 1);
    size_t i = t->heap_size++;
    for (; i > 0 && better(&candidate, &t->heap[(i - 1) / 2]); i = (i - 1) / 2)
        t->heap[i] = t->heap[(i - 1) / 2];
    t->heap[i] = candidate;
}

static Candidate heap_pop(Trainer *t) {
    Candidate top = t->heap[0], last = t->heap[--t->heap_size];
    size_t i = 0, child;
    for (; (child = 2 * i + 1) < t->heap_size; i = child) {
        if (child + 1 < t->heap_size && better(&t->heap[child + 1], &t->heap[child]))
            child++;
        if (!better(&t->heap[child], &last)) break;
        t->heap[i] = t->heap[child];
    }
    t->heap[i] = last;
    return top;
}

static void candidate_free(Candidate *candidate) {
    if (candidate->owned) free(candidate->places);
}

// ---- the corpus

static uint64_t weight(const Trainer *t, size_t place) {
    return t->words->counts[place / WORD_ALIGN];
}

static bool holds(const Trainer *t, uint32_t place, int left, int right) {
    const int32_t *cells = t->words->cells;
    return cells[place] == left && cells[place + t->length[left]] == right;
}

// Places of a list lie anywhere in the corpus, which is larger than a cache: what the
// loop will look at AHEAD steps later is called for now.
enum { AHEAD = 16 };

static void call_for(const Trainer *t, const uint32_t *places, size_t i, size_t n) {
    if (i + AHEAD >= n) return;
    uint32_t place = places[i + AHEAD];
    __builtin_prefetch(&t->words->cells[place]);
    __builtin_prefetch(&t->words->counts[place / WORD_ALIGN]);
}

// The present count of a candidate; forgets places that no longer hold it.
static uint64_t count_again(Trainer *t, Candidate *c) {
    uint64_t count = 0;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < c->size; i++) {
        call_for(t, c->places, i, c->size);
        if (!holds(t, c->places[i], c->left, c->right)) continue;
        count += weight(t, c->places[i]);
        c->places[kept++] = c->places[i];
    }
    t->work.visits += c->size;
    c->size = kept;
    return count;
}

// Puts `merged` in place of the pair, from left to right. Its places become those of
// `merged`. Returns r_t.
static uint64_t replace(Trainer *t, Candidate *c, int merged) {
    int32_t *cells = t->words->cells;
    uint32_t left = t->length[c->left], right = t->length[c->right], kept = 0;
    uint64_t replaced = 0;
    for (uint32_t i = 0; i < c->size; i++) {
        call_for(t, c->places, i, c->size);
        uint32_t place = c->places[i];
        // aaa: the first merge took its middle
        if (!holds(t, place, c->left, c->right)) continue;
        cells[place + left - 1] = NO_SYMBOL;
        cells[place + left] = NO_SYMBOL;
        cells[place] = merged;
        cells[place + left + right - 1] = merged;
        replaced += weight(t, place);
        c->places[kept++] = place;
    }
    t->work.visits += c->size;
    c->size = kept;
    return replaced;
}

// ---- new candidates

static void beside_begin(Beside *b, size_t most) {
    if (most > b->capacity) {
        b->capacity = most > 2 * b->capacity ? most : 2 * b->capacity;
        b->keys = reallocate(b->keys, b->capacity, sizeof *b->keys);
        b->places = reallocate(b->places, b->capacity, sizeof *b->places);
    }
    b->size = 0;
}

static void beside_add(Beside *b, int key, uint32_t place) {
    b->keys[b->size] = key;
    b->places[b->size++] = place;
}

// Sorts places by their keys and makes a candidate of each key that is worth it:
// (fixed, key), or (key, fixed) where the key is on the left. The lists go to `to`, or
// to memory of their own where that is NULL.
static void group(Trainer *t, const Beside *b, int fixed, bool key_on_left,
                  uint32_t *to) {
    int touched = 0;
    for (size_t i = 0; i < b->size; i++) {
        int key = b->keys[i];
        if (t->number[key]++ == 0) t->touched[touched++] = key;
        t->tally[key] += weight(t, b->places[i]);
    }
    t->work.updates += b->size;
    // new candidates wait here, in any order, until their lists are full
    size_t first = t->heap_size;
    for (int i = 0; i < touched; i++) {
        int key = t->touched[i];
        Candidate c = {.count = t->tally[key],
                       .left = key_on_left ? key : fixed,
                       .right = key_on_left ? fixed : key,
                       .size = t->number[key],
                       .owned = to == NULL};
        t->tally[key] = 0;
        t->number[key] = 0;
        if (c.count < t->threshold) continue;
        c.places = to ? to : reallocate(NULL, c.size, sizeof *c.places);
        if (to) to += c.size;
        else t->fresh += c.size;
        reserve(t->heap, t->heap_capacity, t->heap_size + 1);
        t->heap[t->heap_size++] = c;
        // 1 + its index: where the second pass finds it
        t->number[key] = (uint32_t)(t->heap_size - first);
    }
    size_t last = t->heap_size;
    for (size_t i = first; i < last; i++) t->heap[i].size = 0;
    for (size_t i = 0; i < b->size; i++) {
        uint32_t index = t->number[b->keys[i]];
        if (index == 0) continue;
        Candidate *c = &t->heap[first + index - 1];
        c->places[c->size++] = b->places[i];
    }
    t->heap_size = first;
    for (size_t i = first; i < last; i++) {
        Candidate c = t->heap[i];
        t->number[key_on_left ? c.left : c.right] = 0;
        heap_push(t, c);
    }
}

// The pairs that the new symbol's n places have made: with the token after each, and
// with the one before.
static void add_neighbours(Trainer *t, const uint32_t *places, size_t n, int merged) {
    const int32_t *cells = t->words->cells;
    beside_begin(&t->next, n), beside_begin(&t->previous, n);
    for (size_t i = 0; i < n; i++) {
        call_for(t, places, i, n);
        uint32_t place = places[i];
        int next = cells[place + t->length[merged]],
            previous = place == 0 ? NO_SYMBOL : cells[place - 1];
        if (next != NO_SYMBOL) beside_add(&t->next, next, place);
        // merged merged: found from its left already
        if (previous != NO_SYMBOL && previous != merged)
            beside_add(&t->previous, previous, place - t->length[previous]);
    }
    group(t, &t->next, merged, false, NULL);
    group(t, &t->previous, merged, true, NULL);
}

// Every pair of the corpus, from the start: a counting sort of all tokens, then group()
// for each left symbol.
static void recount(Trainer *t) {
    for (size_t i = 0; i < t->heap_size; i++) candidate_free(&t->heap[i]);
    free(t->recounted);
    t->heap_size = t->tokens = t->fresh = 0;

    const int32_t *cells = t->words->cells;
    size_t *ends = allocate((size_t)t->symbols + 1, sizeof *ends),
           size = t->words->size;
    for (size_t i = 0; i < size; i += cells[i] == NO_SYMBOL ? 1 : t->length[cells[i]])
        if (cells[i] != NO_SYMBOL) ends[cells[i] + 1]++, t->tokens++;
    for (int s = 0; s < t->symbols; s++) ends[s + 1] += ends[s];
    t->recounted = reallocate(NULL, t->tokens, sizeof *t->recounted);
    for (size_t i = 0; i < size; i += cells[i] == NO_SYMBOL ? 1 : t->length[cells[i]])
        if (cells[i] != NO_SYMBOL) t->recounted[ends[cells[i]]++] = (uint32_t)i;
    t->work.visits += t->tokens;

    size_t from = 0;
    for (int s = 0; s < t->symbols; s++) {
        beside_begin(&t->next, ends[s] - from);
        for (size_t i = from; i < ends[s]; i++) {
            call_for(t, t->recounted, i, ends[s]);
            int next = cells[t->recounted[i] + t->length[s]];
            if (next != NO_SYMBOL) beside_add(&t->next, next, t->recounted[i]);
        }
        group(t, &t->next, s, false, &t->recounted[from]);
        from = ends[s];
    }
    free(ends);
}

// ---- training

// The pair that occurs most often, with all its places. False when no pair is left.
static bool best_candidate(Trainer *t, Candidate *best) {
    for (;;) {
        while (t->heap_size > 0) {
            *best = heap_pop(t);
            uint64_t bound = best->count;
            best->count = count_again(t, best);
            if (best->count == bound) return true;
            if (best->count >= t->threshold) heap_push(t, *best);
            else candidate_free(best);
        }
        if (t->threshold == 1) return false;
        t->threshold = t->threshold / 4 > 1 ? t->threshold / 4 : 1;
        uint64_t before = t->work.updates;
        recount(t);
        t->work.lowered += t->work.updates - before;
    }
}

static Trainer trainer_new(Words *words, int base, int count) {
    if (words->size > UINT32_MAX)
        die("the corpus's distinct words are too long together: at most 4 Gi symbols");
    size_t most = (size_t)base + (size_t)count;
    Trainer t = {.words = words,
                 .symbols = base,
                 .length = allocate(most, sizeof(uint32_t)),
                 .tally = allocate(most, sizeof(uint64_t)),
                 .number = allocate(most, sizeof(uint32_t)),
                 .touched = allocate(most, sizeof(int))};
    for (int s = 0; s < base; s++) t.length[s] = 1;
    // A first guess at the count of the last pair chosen. Too low costs memory, too
    // high a recount.
    t.threshold = words->size / (64 * (most + 1)) + 1;
    return t;
}

static void trainer_free(Trainer *t) {
    for (size_t i = 0; i < t->heap_size; i++) candidate_free(&t->heap[i]);
    free(t->length), free(t->heap), free(t->recounted), free(t->tally), free(t->number),
        free(t->touched);
    free(t->next.keys), free(t->next.places);
    free(t->previous.keys), free(t->previous.places);
}

// Leaves each token in its first cell only.
static void clear_last_cells(Trainer *t) {
    int32_t *cells = t->words->cells;
    for (size_t i = 0; i < t->words->size; i++) {
        if (cells[i] == NO_SYMBOL) continue;
        size_t last = i + t->length[cells[i]] - 1;
        if (last > i) cells[last] = NO_SYMBOL;
        i = last;
    }
}

void bpe_train(Merges *merges, Words *words, int base, int count, TrainWork *work) {
    *merges = (Merges){.base = base,
                       .pairs = allocate((size_t)count, sizeof(Pair)),
                       .found = allocate((size_t)count, sizeof(uint64_t)),
                       .replaced = allocate((size_t)count, sizeof(uint64_t))};
    Trainer t = trainer_new(words, base, count);
    recount(&t);
    Candidate best;
    while (merges->count < count && best_candidate(&t, &best)) {
        int merged = t.symbols++, now = merges->count++;
        t.length[merged] = t.length[best.left] + t.length[best.right];
        merges->pairs[now] = (Pair){best.left, best.right};
        merges->found[now] = best.count;
        merges->replaced[now] = replace(&t, &best, merged);
        add_neighbours(&t, best.places, best.size, merged);
        candidate_free(&best);
        if (t.fresh > t.tokens) recount(&t);  // half of the lists are rubbish by now
    }
    clear_last_cells(&t);
    if (work) *work = t.work;
    trainer_free(&t);
}
