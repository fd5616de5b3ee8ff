// Vocabulary files: our own, GPT-2's, tiktoken's. Lecture, section 1.7.
//
//   ours       readable text: a pattern, special tokens, and a line a merge (model_write has the format)
//   GPT-2's    vocab.bpe / merges.txt: "left right" a line, bytes spelt as printable letters; the bytes are ids
//              0 .. 255 in GPT-2's own order, merge i is id 256 + i, <|endoftext|> comes last
//   tiktoken   "base64 rank" a line: r50k, p50k, cl100k, o200k; two tokens merge where their bytes together are a
//              token, and a piece that is a token stays whole
//
// A tiktoken file names neither its pattern nor its special tokens: they follow from
// how many ranks it has, or from `pattern`.
#pragma once
#include <stdio.h>

#include "ch01_tokenizer/tokenizer.h"

// Reads a file of any of the three kinds ("-": standard input). pattern NULL: the
// file's own, or the usual one. specials: more special tokens, `special_count` of them,
// whose ids follow the last one. False and err ("file:line: what was expected") on
// anything that cannot be a vocabulary; t is then empty.
bool model_read(Tokenizer *t, const char *path, const char *pattern,
                const char *const *specials, int special_count, Error *err);

// Written to an open file; write errors show when it is committed (file.h).
void model_write(const Tokenizer *t, FILE *stream);  // ours
// without special tokens, as they do
void model_write_tiktoken(const Tokenizer *t, FILE *stream);
// Ids of bytes change to GPT-2's order. False and err where the model has ranks and no
// merges.
bool model_write_gpt2(const Tokenizer *t, FILE *stream, Error *err);
