// The text that a lab measures on: --data FILE, or what this repository carries, its
// first lecture on tokenizers.
#pragma once
#include "ch01_tokenizer/bpe_train.h"
#include "common/program/file.h"
#include "common/program/lab.h"

// Listed by the labs that measure on a text, and by the tour.
#define DATA_OPTION \
    { "data", NULL, "the text to measure on (this chapter's first lecture)" }

// The text, of `least` bytes or more, which `what` makes ("a pair"). Ends the program
// where there is less. The caller frees it with bytes_free.
Bytes corpus(Lab *lab, size_t least, const char *what);
// Its pieces, cut by a pattern's name and counted, as words over bytes.
Words corpus_words(Lab *lab, const char *pattern);
// Text as one word over bytes.
Words one_word(const char *text, size_t n);
