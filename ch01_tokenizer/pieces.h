// The distinct pieces of a corpus and how often each occurs: what training sees of a
// text. Lecture, section 1.5.
#pragma once
#include <stdbool.h>
#include <stdint.h>

#include "ch01_tokenizer/bpe_train.h"
#include "ch01_tokenizer/pattern.h"
#include "ch01_tokenizer/stretch.h"

typedef struct {
    size_t begin, size;  // in Pieces.bytes
    uint32_t count;
} Piece;

typedef struct {
    char *bytes;
    size_t bytes_size, bytes_capacity;
    Piece *items;  // in the order of their first appearance
    size_t size, capacity;
    // a hash table: 32 bits of a hash, and below them 1 + the index of an item; 0: empty
    uint64_t *table;
    size_t mask;
} Pieces;

// Splits the text and counts its pieces. Special tokens cut it and are not counted.
// False and err where the pattern gives up.
bool pieces_add(Pieces *pieces, const Pattern *pattern, const Special *specials,
                int special_count, const char *text, size_t n, Error *err);
void pieces_free(Pieces *pieces);
// The pieces as words over bytes, for bpe_train.
Words pieces_to_words(const Pieces *pieces);
