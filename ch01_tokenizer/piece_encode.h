// One piece after the other to ids, fast. Lecture, sections 1.6 and 1.12.
//
//     a word seen before          its ids, from the memory of words (word_memory.h)
//     a long piece, or Chinese    cut where no token joins two characters (joins.h), and
//                                 each part like a word
//     anything else               the merges (bpe_encode.h), and then remembered
//
// tokenizer_encode_piece() is what all this must give: the merges alone.
#pragma once
#include "ch01_tokenizer/tokenizer.h"

// What may be left out, to see what it is worth. Nothing of it changes an id.
typedef struct {
    bool windows;  // the named patterns are split one piece after the other
    bool memory;   // no word is remembered
    bool parts;    // no piece is cut
} EncodeWithout;

// What one thread encodes with.
typedef struct {
    const Tokenizer *tokenizer;
    WordMemory *memory;  // NULL: none
    bool parts;
    int *scratch;  // symbols of a word being encoded
    size_t scratch_capacity;
    Ids ids;  // so far
    uint64_t pieces, remembered;
} PieceEncoder;

PieceEncoder piece_encoder_new(const Tokenizer *t, EncodeWithout without);
void piece_encoder_free(PieceEncoder *e);  // not its ids

// Appends the ids of the pieces of text[0 .. size-1] that end at ends[0 .. count-1]; the
// first begins at `at`.
void pieces_encode(PieceEncoder *e, const char *text, size_t size, size_t at,
                   const size_t *ends, size_t count);
// The same for one piece that need not be text.
void bytes_encode(PieceEncoder *e, const char *piece, size_t n);
// tokenizer_encode() without some of what makes it fast.
bool tokenizer_encode_without(const Tokenizer *t, const char *text, size_t n,
                              bool allow_special, EncodeWithout without, Ids *ids,
                              Error *err);
