#include "ch06_flash/batching.h"

#include <stdbool.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/numeric/small.h"

#define KIND(NAME, name) #name,
const char *const batching_names[] = {BATCHING_LIST(KIND) NULL};
#undef KIND

static int longest_of(const int *lengths, int n) {
    int most = 0;
    for (int i = 0; i < n; i++) most = int_max(most, lengths[i]);
    return most;
}

static long long sum_of(const int *lengths, int n) {
    long long sum = 0;
    for (int i = 0; i < n; i++) sum += lengths[i];
    return sum;
}

// ---- kinds

static bool when_all_are_free(const Batching *b) { return b->busy == 0; }
static bool always(const Batching *b) {
    (void)b;
    return true;
}

static long long sum_of_longest(const int *lengths, int n, int slots) {
    long long steps = 0;
    for (int i = 0; i < n; i += slots)
        steps += longest_of(lengths + i, int_min(slots, n - i));
    return steps;
}

// ends[s]: the step before which slot s is free again.
static long long first_free_slot(const int *lengths, int n, int slots) {
    long long *ends = allocate((size_t)slots, sizeof *ends), last = 0;
    for (int i = 0; i < n; i++) {
        int first = 0;
        for (int s = 1; s < slots; s++)
            if (ends[s] < ends[first]) first = s;
        ends[first] += lengths[i];
        last = long_max(last, ends[first]);
    }
    free(ends);
    return last;
}

static const struct {
    bool (*fills)(const Batching *b);
    long long (*steps)(const int *lengths, int n, int slots);
} kinds[] = {[BATCHING_STATIC] = {when_all_are_free, sum_of_longest},
             [BATCHING_CONTINUOUS] = {always, first_free_slot}};
_Static_assert(sizeof kinds / sizeof *kinds == BATCHING_KINDS, "each kind has a line");

// ---- slots

Batching batching_new(BatchingKind kind, int slots) {
    Batching b = {kind, slots, 0, allocate((size_t)slots, sizeof(int)), 0};
    for (int s = 0; s < slots; s++) b.request[s] = -1;
    return b;
}

void batching_free(Batching *b) {
    free(b->request);
    *b = (Batching){0};
}

int batching_fill(Batching *b, int count) {
    if (!kinds[b->kind].fills(b)) return b->busy;
    for (int s = 0; s < b->slots && b->next < count; s++)
        if (b->request[s] < 0) b->request[s] = b->next++, b->busy++;
    return b->busy;
}

void batching_end(Batching *b, int slot) {
    b->request[slot] = -1;
    b->busy--;
}

// ---- steps

long long batching_steps(BatchingKind kind, const int *lengths, int n, int slots) {
    return kinds[kind].steps(lengths, n, slots);
}

long long batching_least(const int *lengths, int n, int slots) {
    return long_max((sum_of(lengths, n) + slots - 1) / slots, longest_of(lengths, n));
}

double batching_most(const int *lengths, int n, int slots) {
    return ((double)sum_of(lengths, n) + (slots - 1.0) * longest_of(lengths, n))
           / slots;
}
