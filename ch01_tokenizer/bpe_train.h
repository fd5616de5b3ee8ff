// Byte-pair encoding, training: which pairs to merge. Lecture, sections 1.4 and 1.5.
//
//     until there are enough symbols:
//         (a, b) = the adjacent pair that occurs in the corpus most often
//         make a new symbol for it, and put it in place of every a b
//
// Sennrich, Haddow and Birch, "Neural machine translation of rare words with subword
// units" (2016), arXiv:1508.07909, algorithm 1. Ties: the highest count, then the
// smaller left, then the smaller right symbol. Pairs are counted at every adjacent
// position, overlaps included ("aaa" holds two pairs aa), and replaced from left to
// right ("aaa" becomes X a). Pairs never cross a word's end.
//
// Symbols are numbers from 0: bytes, letters, anything. Merge t makes symbol base + t.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct {
    int left, right;
} Pair;

typedef struct {
    int base;     // symbols 0 .. base-1 are given
    int count;    // merges learned
    Pair *pairs;  // [count] what merge t joins
    // [count] f_t: how often the pair occurred in the corpus when it was chosen
    uint64_t *found;
    // [count] r_t: how often it was replaced; r_t < f_t only for pairs like aa
    uint64_t *replaced;
} Merges;

void merges_free(Merges *merges);

// A corpus of words, each with the number of times it occurs. Words lie one after the
// other, with gaps (NO_SYMBOL) between and after them; a word begins on a multiple of
// WORD_ALIGN, so that one count serves WORD_ALIGN cells:
//
//     cells    l  o  w  .   l  o  w  e   r  .  .  .        (. is NO_SYMBOL)
//     counts   5            2            2
enum { NO_SYMBOL = -1, WORD_ALIGN = 4 };

typedef struct {
    int32_t *cells;
    size_t size, capacity;  // cells
    uint32_t *counts;       // [size / WORD_ALIGN]
    size_t counts_capacity;
} Words;

// Room for words of so many cells in all, in large pages: training reads them in no order.
// For words that are empty as yet; more may be added than was asked for.
void words_reserve(Words *words, size_t cells);
void words_add(Words *words, const int *symbols, size_t n, uint32_t count);
void words_free(Words *words);
// N: the number of symbols in the corpus, each word as often as it occurs. Holds before
// and after training.
uint64_t words_symbols(const Words *words);

// What training cost, for lecture section 1.5.
typedef struct {
    uint64_t visits;   // corpus positions looked at
    uint64_t updates;  // additions to a pair's count
    uint64_t lowered;  // of these, by recounts because the threshold fell (bpe_train)
} TrainWork;

// Learn up to `count` merges (fewer when no pair is left). `words` is consumed:
// afterwards it holds the corpus as it is segmented, gaps (NO_SYMBOL) inside the words.
// The caller frees `merges`. work may be NULL. Both give the same merges: the textbook
// loop counts all pairs anew for each merge, in O(symbols x merges); bpe_train keeps
// lists of occurrences, about O(symbols log merges).
void bpe_train_naive(Merges *merges, Words *words, int base, int count,
                     TrainWork *work);
void bpe_train(Merges *merges, Words *words, int base, int count, TrainWork *work);
