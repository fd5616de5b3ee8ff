// Byte-pair encoding as it was published: words of characters, and a mark at the end.
// Lecture, section 1.4.
//
//     dictionary {low: 5, lower: 2, newest: 6, widest: 3}
//     separate       l o w </w>          n e w e s t </w>        the paper's algorithm 1
//     fused          l o w</w>           n e w e s t</w>         subword-nmt since version 0.2
//     continuation   l ##o ##w           n ##e ##w ##e ##s ##t   WordPiece (wordpiece.h): the other letters
//
// The mark tells est at a word's end from est inside one, so that words can be put
// together again. Separate, the mark is one more symbol to merge; fused, a letter at
// the end is another letter than inside.
//
// Its base symbols are the characters of the *training* words. So it has unknown
// characters: any other one becomes NO_SYMBOL. (Bytes as base symbols have none,
// section 1.7.) Fused, even a known letter is unknown at the end of a word if no
// training word ended in it.
//
// Base symbols are in the order of code points, marked letters (or </w>) after all
// others; so the merges do not depend on the order of the words.
// Sennrich, Haddow and Birch (2016), arXiv:1508.07909, section 3.2. Malformed UTF-8 is
// read as U+FFFD.
#pragma once
#include "ch01_tokenizer/bpe_encode.h"
#include "ch01_tokenizer/bpe_train.h"

// A word and how often it occurs. The bytes belong to someone else.
typedef struct {
    const char *text;
    size_t size;
    uint32_t count;
} WordCount;

// The distinct words of a text, split at white space (ASCII), in the order of their
// bytes; *n of them. They point into the text. The caller frees the array with free().
WordCount *count_words(const char *text, size_t size, size_t *n);

typedef enum { MARK_SEPARATE, MARK_FUSED, MARK_CONTINUATION } WordMark;

// The base symbols of some words: symbol i is the letter keys[i].
typedef struct {
    WordMark mark;
    int count;
    // [count] ascending: a code point, + LETTER_MARKED where it carries the mark
    int *keys;
} Letters;

enum { LETTER_MARKED = 1 << 21 };  // above every code point; alone it is </w>

Letters letters_of(const WordCount *words, size_t n, WordMark mark);
void letters_free(Letters *letters);
// The symbols of one word, NO_SYMBOL for unknown ones; `symbols` has room for size + 1.
// How many there are.
size_t letters_split(const Letters *letters, const char *word, size_t size,
                     int *symbols);
// The words as a corpus to train on. The caller frees it with words_free.
Words letters_corpus(const Letters *letters, const WordCount *words, size_t n);
// [letters->count + merges->count] strings, one per symbol: "o", "w</w>", "##est". merges
// may be NULL.
char **symbol_texts(const Letters *letters, const Merges *merges);
void symbol_texts_free(char **texts, int count);

typedef struct {
    Letters letters;
    Merges merges;
    PairTable table;
    char **texts;  // [letters.count + merges.count] what each symbol stands for
} WordBpe;

// Learns up to `merges` merges. mark: MARK_SEPARATE or MARK_FUSED. Freed by
// word_bpe_free.
WordBpe word_bpe_train(const WordCount *words, size_t n, WordMark mark, int merges);
void word_bpe_free(WordBpe *bpe);
// One word to symbols, room for size + 1; how many there are. NO_SYMBOL for unknown
// characters.
size_t word_bpe_encode(const WordBpe *bpe, const char *word, size_t size, int *symbols);
