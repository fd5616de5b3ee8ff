// The corpus that training works on: see the picture in bpe_train.h.
#include <assert.h>
#include <stdlib.h>

#include "ch01_tokenizer/bpe_train.h"
#include "common/error.h"
#include "common/large.h"

void words_reserve(Words *words, size_t cells) {
    assert(words->size == 0 && words->capacity == 0);
    words->cells = large_new(cells * sizeof *words->cells);
    words->counts = large_new(cells / WORD_ALIGN * sizeof *words->counts);
    words->capacity = cells;
    words->counts_capacity = cells / WORD_ALIGN;
}

void words_add(Words *words, const int *symbols, size_t n, uint32_t count) {
    // at least one gap after the word
    size_t cells = (n / WORD_ALIGN + 1) * WORD_ALIGN;
    size_t first = words->size, last = first + cells;
    reserve(words->cells, words->capacity, last);
    reserve(words->counts, words->counts_capacity, last / WORD_ALIGN);
    for (size_t i = 0; i < cells; i++)
        words->cells[first + i] = i < n ? symbols[i] : NO_SYMBOL;
    for (size_t i = first / WORD_ALIGN; i < last / WORD_ALIGN; i++)
        words->counts[i] = count;
    words->size = last;
}

void words_free(Words *words) {
    free(words->cells), free(words->counts);
    *words = (Words){0};
}

uint64_t words_symbols(const Words *words) {
    uint64_t total = 0;
    for (size_t i = 0; i < words->size; i++)
        if (words->cells[i] != NO_SYMBOL) total += words->counts[i / WORD_ALIGN];
    return total;
}

void merges_free(Merges *merges) {
    free(merges->pairs), free(merges->found), free(merges->replaced);
    *merges = (Merges){0};
}
