// A tokenizer: a vocabulary, its merges, its pattern, its special tokens; text to ids
// and back. Lecture, section 1.7.
//
//     text -> stretches (stretch.h) -> pieces (pattern.h) -> bytes -> merges (bpe_encode.h) -> ids
//
// Any bytes at all are encoded, and decoding gives exactly those bytes back: the 256
// single bytes are tokens.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ch01_tokenizer/bpe_encode.h"
#include "ch01_tokenizer/joins.h"
#include "ch01_tokenizer/pattern.h"
#include "ch01_tokenizer/stretch.h"
#include "ch01_tokenizer/word_memory.h"
#include "common/error.h"

typedef struct {
    size_t begin, size;  // in Tokenizer.bytes
    int left, right;     // what it was merged from, or NO_SYMBOL
    uint64_t count;  // how often the pair occurred in the training text; 0: not known
    bool exists;     // false: no token has this id
} Token;

typedef struct {
    char *bytes;  // all tokens' bytes, one after the other
    size_t bytes_size, bytes_capacity;
    Token *tokens;  // by id
    int size;       // ids are 0 .. size-1
    size_t tokens_capacity;
    int byte_id[256];  // the token of each single byte
    PairTable pairs;
    // [256 x 256] what two bytes merge to: most look-ups are of bytes
    int *byte_pairs;
    Joins joins;       // where a long piece may be cut
    WordPool *memory;  // what earlier texts taught; the ids do not depend on it
    // a piece that is itself a token is that token, merges or not (tiktoken's rule): to
    // be looked up first, where merges do not reach all tokens
    bool whole_pieces;
    // a hash table of the ids by their bytes, without special tokens; NO_SYMBOL: empty
    int *by_text;
    size_t text_mask, text_used;
    Special *specials;
    int special_count;
    char *expression;  // the pattern as it was given: a name or an expression
    Pattern *pattern;
    // the file names no pattern, and it is none whose pattern is known (encodings.h)
    bool pattern_assumed;
} Tokenizer;

enum { TOKEN_MOST = PAIR_SYMBOLS };  // ids are below this

typedef struct {
    int *at;
    size_t size, capacity;
} Ids;

static inline void ids_append(Ids *ids, int id) {
    reserve(ids->at, ids->capacity, ids->size + 1);
    ids->at[ids->size++] = id;
}

// ---- making one: empty, then bytes, then merges or ranks in order, then specials and
// the pattern

// Gives `id` these bytes. False and err where the id is out of range or taken, or other
// tokens have these bytes.
bool tokenizer_add(Tokenizer *t, int id, const char *bytes, size_t size, Error *err);
// A token without bytes, which some published vocabularies have: it decodes to nothing,
// and nothing is encoded as it.
bool tokenizer_add_empty(Tokenizer *t, int id, Error *err);
// A token that is the merge of two others, and the rule that makes it.
bool tokenizer_add_merge(Tokenizer *t, int id, int left, int right, uint64_t count,
                         Error *err);
bool tokenizer_add_special(Tokenizer *t, int id, const char *text, Error *err);
// The 256 bytes as ids 0 .. 255, in their own order.
void tokenizer_add_bytes(Tokenizer *t);
// A name or an expression (pattern.h).
bool tokenizer_set_pattern(Tokenizer *t, const char *pattern, Error *err);
// After the last single byte: fills byte_id. False and err where one has no token.
bool tokenizer_find_bytes(Tokenizer *t, Error *err);
// After the last token and merge. False and err where a single byte has no token.
bool tokenizer_finish(Tokenizer *t, Error *err);
void tokenizer_free(Tokenizer *t);

// Trains one on counted pieces: ids are 0 .. 255 the bytes, then the merges, then the
// special tokens. Where the text holds too few pairs the vocabulary stays smaller.
// `words` is consumed (bpe_train).
bool tokenizer_train(Tokenizer *t, Words *words, int merges_wanted,
                     const Special *specials, int special_count, const char *pattern,
                     Error *err);

// ---- using one

// The id with exactly these bytes, or NO_SYMBOL. Special tokens are not found.
int tokenizer_find(const Tokenizer *t, const char *bytes, size_t size);
// Appends the ids of text[0 .. n-1]. The same ids for any number of threads. The caller
// frees ids->at. False and err only where the pattern gives up on the text.
bool tokenizer_encode(const Tokenizer *t, const char *text, size_t n,
                      bool allow_special, Ids *ids, Error *err);
// The ids of one piece by the merges alone, to ids[0 .. n-1]; how many there are.
size_t tokenizer_encode_piece(const Tokenizer *t, const char *piece, size_t n, int *ids,
                              EncodeWork *work);
bool tokenizer_is_special(const Tokenizer *t, int id);
// The bytes of one id; NULL where there is no such token.
const char *token_bytes(const Tokenizer *t, int id, size_t *size);
// Writes bytes for human eyes: printable UTF-8 as it is, the rest as \n, \t, \xNN; at
// most 4 chars per byte + 1.
void escape(char *to, const char *bytes, size_t size);
