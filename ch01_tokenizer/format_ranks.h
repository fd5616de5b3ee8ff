// tiktoken's vocabulary files. Lecture, sections 1.6 and 1.7.
//
//     BASE64 RANK          one line per token: its bytes, and its id
//
// Two tokens merge where their bytes together are a token, lowest rank first; a piece
// that is a token stays whole. Pattern and special tokens are not in the file: they
// follow from how many ranks it has (encodings.h).
#pragma once
#include <stdio.h>

#include "ch01_tokenizer/line_reader.h"
#include "ch01_tokenizer/tokenizer.h"

bool is_ranks(const Reader *first_line);
// pattern: may say which encoding is meant where two share a file; NULL: none.
bool read_ranks(Reader *first_line, Tokenizer *t, const char *pattern);
// Without special tokens and pattern.
bool write_ranks(const Tokenizer *t, FILE *stream, Error *err);
