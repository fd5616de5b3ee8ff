// The text that the tour measures on: --data FILE, or what this repository carries, its
// lectures.
#pragma once
#include "ch01_tokenizer/bpe_train.h"
#include "common/program/file.h"
#include "common/program/lab.h"

// The caller frees it with bytes_free. Ends the program where there is no text.
Bytes corpus(Lab *lab);
// Its pieces, cut by a pattern's name and counted, as words over bytes.
Words corpus_words(Lab *lab, const char *pattern);
// Text as one word over bytes.
Words one_word(const char *text, size_t n);
