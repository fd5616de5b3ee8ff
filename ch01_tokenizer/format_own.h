// Our own vocabulary files: readable text, one line per merge. Lecture, section 1.7.
//
//     course-bpe 1
//     pattern NAME-OR-EXPRESSION
//     merges NUMBER
//     merge LEFT RIGHT COUNT [ID "TEXT"]       what is in brackets is for human eyes
//     special TEXT
//     end
//
// Ids: 0 .. 255 are the bytes, then come the merges and the special tokens, in order.
#pragma once
#include <stdio.h>

#include "ch01_tokenizer/line_reader.h"
#include "ch01_tokenizer/tokenizer.h"

// Each format's three functions; model_file.c has the table.
bool is_own(const Reader *first_line);
bool read_own(Reader *first_line, Tokenizer *t, const char *pattern);
bool write_own(const Tokenizer *t, FILE *stream, Error *err);
