// Pre-splitting: the regular expression that cuts text into pieces before BPE sees it.
// Lecture, section 1.7.
//
// Merges never cross a piece's end, so the pattern decides what a token can be: a word
// with the space before it, at most three digits, a run of punctuation.
//
// An expression goes to PCRE2 and is compiled by its JIT. The patterns that have names are
// split by hand (split_hand.h), with the same ends, and faster by an order of magnitude;
// only what a letter is they still ask PCRE2.
//
// Well-formed text is split from left to right. What the pattern skips is a piece too:
// no byte is lost.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "ch01_tokenizer/split_hand.h"
#include "ch01_tokenizer/split_vector.h"
#include "common/error.h"

typedef struct Pattern Pattern;

// The expressions that have names; an encoding's other names do as well (r50k and
// p50k_base are gpt2's, llama3 is cl100k's, o200k_harmony is o200k's). none: never split.
#define PATTERN_NAMES "gpt2, cl100k, o200k, none"

// Compiles a name or an expression on one line. NULL and err where it is neither: PCRE2's
// message and the place.
Pattern *pattern_new(const char *pattern, Error *err);
// What a name stands for; NULL where it is none. Given to pattern_new it is an expression
// like any other: split by the engine.
const char *pattern_expression(const char *name);
void pattern_free(Pattern *pattern);
bool pattern_splits(const Pattern *pattern);  // false: one piece, whatever the text
// Whether a piece's end may depend on what comes before the piece: lookbehind, \G, \K.
bool pattern_looks_back(const Pattern *pattern);

// One walk over a text that is well-formed UTF-8. Each thread has its own.
typedef struct {
    const Pattern *pattern;
    void *match, *context, *stack;  // PCRE2's
    SplitText text;
    bool one_by_one;  // no windows: for labs that measure what they are worth
    // the match found last; what lies before match_begin is a piece
    size_t match_begin, match_end;
} Splitter;

Splitter splitter_new(const Pattern *pattern);
void splitter_free(Splitter *splitter);
void splitter_start(Splitter *splitter, const char *text, size_t size);
// The same for text[0 .. size-1] of a longer text whose rest is not to be looked at. A
// piece that ends at `size` may be no piece: the rest decides.
void splitter_start_open(Splitter *splitter, const char *text, size_t size);
// The end of the piece that begins at `at`, at < size; a function of the text from `at`
// on alone, unless the pattern looks back.
// SIZE_MAX and err where PCRE2 gives up (a pattern that backtracks without end).
size_t splitter_next(Splitter *splitter, size_t at, Error *err);

// The ends of the pieces from `at` on, at least one, as many as come cheaply: in
// ends[0 .. SPLIT_WINDOW - 1]. How many there are; 0 and err where PCRE2 gives up.
size_t splitter_ends(Splitter *splitter, size_t at, size_t *ends, Error *err);

// What decides which characters are letters: "Unicode 14.0.0 (PCRE2 10.42 2022-12-11)".
void unicode_version(char *text, size_t size);
