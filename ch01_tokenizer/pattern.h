// Pre-splitting: the regular expression that cuts text into pieces before BPE sees it. Lecture, section 1.7.
//
// Merges never cross a piece's end, so the pattern decides what a token can be: a word with the space before it,
// at most three digits, a run of punctuation. Unicode's classes are PCRE2's business, compiled by its JIT.
//
// Well-formed text is split from left to right. What the pattern skips is a piece too: no byte is lost.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

typedef struct Pattern Pattern;

// The expression behind "gpt2", "cl100k" or "o200k" (p50k and r50k have gpt2's); "" for "none"; otherwise NULL.
const char *pattern_by_name(const char *name);
// Compiles an expression; "" never splits. NULL and err on a bad one: PCRE2's message and the place.
Pattern *pattern_new(const char *expression, Error *err);
void pattern_free(Pattern *pattern);
bool pattern_looks_back(const Pattern *pattern);

// One walk over a text that is well-formed UTF-8. Each thread has its own.
typedef struct {
    const Pattern *pattern;
    void *match;          // PCRE2's match data
    const char *text;
    size_t size;
    size_t match_begin, match_end;  // the match found last; what lies before match_begin is a piece
} Splitter;

Splitter splitter_new(const Pattern *pattern);
void splitter_free(Splitter *splitter);
void splitter_start(Splitter *splitter, const char *text, size_t size);
// The end of the piece that begins at `at`, at < size; a function of the text and `at` alone.
// SIZE_MAX and err where PCRE2 gives up (a pattern that backtracks without end).
size_t splitter_next(Splitter *splitter, size_t at, Error *err);
