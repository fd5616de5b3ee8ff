// GPT-2's vocabulary files, vocab.bpe or merges.txt. Lecture, section 1.7.
//
//     #version: 0.2          may be missing
//     LEFT RIGHT             one line per merge, bytes spelt as letters (byte_letters.h)
//
// Ids: 0 .. 255 are the bytes in GPT-2's own order, merge i is 256 + i, <|endoftext|>
// comes last. The pattern is gpt2.
#pragma once
#include <stdio.h>

#include "ch01_tokenizer/line_reader.h"
#include "ch01_tokenizer/tokenizer.h"

bool is_gpt2(const Reader *first_line);
bool read_gpt2(Reader *first_line, Tokenizer *t, const char *pattern);
// Without special tokens and pattern; ids of bytes change to GPT-2's order. False and err
// where the model has ranks and no merges.
bool write_gpt2(const Tokenizer *t, FILE *stream, Error *err);
