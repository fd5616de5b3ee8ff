// Byte-pair encoding, encoding: apply the merges to new text. Lecture, section 1.6.
//
//     while some adjacent pair has a merge: merge the pair whose merge came first, leftmost first
//
// The merges' own order decides, not the length of what they make: BPE is not longest
// match. A merge is known by the symbol it makes, and lower symbols came first.
#pragma once
#include <stddef.h>
#include <stdint.h>

#include "ch01_tokenizer/bpe_train.h"

// (left, right) -> the symbol that their merge makes. An open-addressing hash table
// whose slots are 8 bytes, so that a vocabulary of 100,000 fits the second-level cache:
// symbols are below PAIR_SYMBOLS.
enum { PAIR_BITS = 21, PAIR_SYMBOLS = 1 << PAIR_BITS };

typedef struct {
    uint64_t *slots;  // left << 43 | right << 22 | merged, or EMPTY
    int shift;        // 64 - log2 of their number
    size_t used;
} PairTable;

// the first entry of a pair stays
void pair_table_add(PairTable *table, int left, int right, int merged);
void pair_table_free(PairTable *table);
PairTable pair_table_of(const Merges *merges);
// The merged symbol, or NO_SYMBOL.
int pair_find(const PairTable *table, int left, int right);

typedef struct {
    uint64_t inspections;  // pairs looked at by the naive loop
    uint64_t pushes;       // entries pushed on the heap
    uint64_t merges;       // merges applied
    // NULL, or told of every merge of the heap, in order
    void (*on_merge)(void *context, int left, int right, int merged);
    void *context;
} EncodeWork;

// Encode n symbols in place; returns how many are left. work may be NULL. All three
// give the same symbols.
//   naive  looks up every pair anew for every merge: the definition, O(n x merges)
//   scan   keeps what each pair merges to and takes the least: fastest for words; n <= BPE_SCAN_MOST
//   heap   the same in a priority queue, O(n log n), for long pieces
enum { BPE_SCAN_MOST = 256 };
size_t bpe_encode_naive(const PairTable *table, int *symbols, size_t n,
                        EncodeWork *work);
size_t bpe_encode_scan(const PairTable *table, int *symbols, size_t n);
// The scan for a caller who knows already what each pair merges to: merged[i] for
// symbols i and i + 1, NO_SYMBOL where they do not; n - 1 of them, consumed.
size_t bpe_merge_scan(const PairTable *table, int *symbols, int *merged, size_t n);
size_t bpe_encode_heap(const PairTable *table, int *symbols, size_t n,
                       EncodeWork *work);
