// The named patterns, split by hand: one function per pattern, character by character.
// Lecture, section 1.12.
//
// A regular expression engine tries the alternatives of a pattern one after the other,
// and goes back where one fails. The patterns that have names never need that: the class
// (char_class.h) of the first character or two decides which alternative can match.
// test_split.c holds these functions to the engine, alternative by alternative.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "ch01_tokenizer/char_class.h"

typedef enum {
    SPLIT_ENGINE,  // not by hand: somebody's own expression
    SPLIT_GPT2,
    SPLIT_CL100K,
    SPLIT_O200K,
    SPLIT_RULES
} SplitRule;

// Well-formed UTF-8, split as pattern.h says.
typedef struct {
    const char *bytes;
    size_t size;
    bool open;  // the text goes on after `size` bytes
    const CharClasses *classes;
    SplitRule rule;  // not SPLIT_ENGINE
} SplitText;

// The end of the piece that begins at `at`, at < size. In an open text `size` also where
// what follows might change the end.
size_t split_hand(const SplitText *text, size_t at);

// The end of a contraction ('s 't 're 've 'm 'll 'd) that begins at `at`; `at` where none
// does. capitals: in any case, which U+017F, the long s, is an s in as well.
// SIZE_MAX where the text ends before that is decided.
size_t split_contraction(const SplitText *text, size_t at, bool capitals);
