// Documents: what a text is made of, and which of them a model never trains on.
// Lecture, section 4.13.
//
//     one file      ... <|endoftext|> ... <|endoftext|> ...       where the text says so
//                   CHAPTER I ... CHAPTER II ...                  or at its headings
//                   paragraphs, some 32 KiB together              or where nothing says
//
//     documents     [ 0 ][ 1 ][ 2 ] ... [ 18 ][ 19* ][ 20 ] ...   every 20th is held out
//
// A split by document keeps half a chapter from being predicted by its other half. What
// occurs twice, word for word, is dropped first, or a copy of a training document could
// stand in the held-out part. Bytes are bytes: NULs and broken UTF-8 are text like any
// other, and no byte is lost.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/program/file.h"

typedef struct {
    const char *at;  // in Documents.file
    size_t size;
} Document;

typedef struct {
    Bytes file;
    Document *list;  // in the text's order
    size_t count, capacity;
    size_t repeated;  // documents that were dropped
} Documents;

// The text that ends a document in files that say so. It is not part of either.
extern const char DOCUMENT_END[];

// False and err where the file cannot be read, is no text, or holds nothing but white
// space.
bool documents_read(Documents *d, const char *path, Error *err);
// The same for a text that is there already, which must outlive it.
void documents_of(Documents *d, const char *text, size_t size);
// The same with all that occurs twice; and, for each document, the first one that is
// equal to it (its own number where there is none before it).
void documents_cut(Documents *d, const char *text, size_t size);
void documents_first_equal(const Documents *d, size_t *first);
// Whether a file's first bytes are those of a text: not of a compressed file or of
// UTF-16. Where they are not, false and err say what they are.
bool documents_check(const Bytes *file, const char *path, Error *err);
void documents_free(Documents *d);

// Every `step`-th document goes to *held_out, the others stay; neither owns the text.
// step >= 2. Where there are fewer documents than that, the last is held out; a single
// document is cut at a line's end, near its last tenth.
void documents_split(const Documents *d, int step, Documents *rest,
                     Documents *held_out);

// How many runs of 13 words of `a` occur in `b` as well: what leaks from one to the other.
size_t documents_shared_runs(const Documents *a, const Documents *b);
