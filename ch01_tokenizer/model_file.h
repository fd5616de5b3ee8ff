// Vocabulary files: our own, tiktoken's, GPT-2's. Lecture, section 1.7.
//
// The first line tells which format a file has; each format is a pair of files,
// format_*.[ch].
#pragma once
#include <stdio.h>

#include "ch01_tokenizer/line_reader.h"
#include "ch01_tokenizer/tokenizer.h"
#include "common/program/file.h"

typedef enum { FORMAT_OWN, FORMAT_RANKS, FORMAT_GPT2, FORMATS } FormatKind;

typedef struct {
    const char *name;  // what `export --format` calls it
    // whether the first line, which the reader has read, is this format's
    bool (*recognises)(const Reader *first_line);
    bool (*read)(Reader *first_line, Tokenizer *t, const char *pattern);
    // Write errors show when the file is committed (file.h); false and err where the
    // format cannot hold this tokenizer.
    bool (*write)(const Tokenizer *t, FILE *stream, Error *err);
} Format;

extern const Format formats[];

// Reads a file of any of the formats ("-": standard input). pattern NULL: the file's own,
// or the usual one. specials: more special tokens, `special_count` of them, whose ids
// follow the last one. False and err ("file:line: what was expected") on anything that
// cannot be a vocabulary; t is then empty.
bool model_read(Tokenizer *t, const char *path, const char *pattern,
                const char *const *specials, int special_count, Error *err);
// The same for what is in memory already; messages call it `label`.
bool model_read_bytes(Tokenizer *t, const char *label, Bytes bytes, const char *pattern,
                      const char *const *specials, int special_count, Error *err);
