// Masks: which keys a query may see. Lecture, section 2.2.
//
// A hidden key's score becomes -INFINITY before the softmax, so that e^-inf = 0 takes
// it out of the numerator and of the denominator. The queries are at the end of the
// keys: query i of T is at position i + S - T. (With T = S that is i. With a cache of S
// - 1 keys and one new token: S - 1.) Of five keys the query at position 2 sees
//
//     causal          x x x . .      those up to its position
//     prefix, of 4    x x x x .      those up to its position, and the first 4 (GLM, prefix LM)
//     window, of 2    . x x x .      those less than 2 away
//     padding, of 4   x x x x .      those before the end of its sequence
//     documents       . x x . .      those of its own document (here 0 | 1 2 | 3 4)
//     table           x . x . x      those with a 1 in its row
//
// Conditions may be combined: a key is seen if all of them let it be. {0} hides nothing.
// A query that sees no key at all gets a row of zeros.
//
// Adding a kind: a line in MASK_LIST, a field, and in mask.c the function that says what
// it keeps.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/numeric/mat.h"

#define MASK_LIST(KIND) \
    KIND(NONE, none) \
    KIND(CAUSAL, causal) \
    KIND(WINDOW, window) \
    KIND(PADDING, padding) \
    KIND(PREFIX, prefix) \
    KIND(DOCUMENTS, documents) \
    KIND(TABLE, table)

#define KIND(NAME, name) MASK_##NAME,
typedef enum { MASK_LIST(KIND) MASK_KINDS } MaskKind;
#undef KIND

extern const char *const mask_names[];  // "none", "causal", ... by kind, then NULL

typedef struct {
    bool causal;
    // only keys less than this far away, either way (1: itself alone); 0: any
    int window;
    // padding, one a sequence: only keys before it; NULL: all
    const int *key_lengths;
    // one a sequence: causal, but keys before it are seen by all queries; NULL: none.
    // (It takes the place of `causal`, which would hide them again.)
    const int *prefixes;
    // packed documents, S a sequence: for each position the first of its document; only
    // keys of the same one. NULL: one document
    const int *firsts;
    // numbers from one sequence's to the next
    size_t firsts_step;
    // T x S bytes, row after row: only keys with a 1; NULL: all
    const unsigned char *allowed;
    // bytes from one sequence's table to the next; 0: all have the same
    size_t allowed_step;
} Mask;

// The mask of sequence number `sequence` of a batch.
Mask mask_of_sequence(const Mask *mask, int sequence);

bool mask_sees(const Mask *mask, int queries, int keys, int query, int key);
// how many keys the query sees
int mask_count(const Mask *mask, int queries, int keys, int query);

// Keys first .. end - 1: one stretch, outside of which the query sees nothing. Those of
// a later query neither begin nor end before an earlier one's.
typedef struct {
    long long first, end;  // a window may reach beyond what an int holds
} KeyRange;
KeyRange mask_range(const Mask *mask, int queries, int keys, int query);

// scores (T x S): -INFINITY where the query (row) does not see the key (column).
void mask_scores(Mat scores, const Mask *mask);
// The same for a stretch of one row: keys first .. first + n - 1 of query `query`.
void mask_row(real *scores, int first, int n, const Mask *mask, int queries, int keys,
              int query);
// The same for a caller that knows the query's range already.
void mask_row_outside(real *scores, int first, int n, const Mask *mask, int keys,
                      int query, KeyRange range);
