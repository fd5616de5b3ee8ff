// Files: read whole, written whole or not at all.
//
// A file being written has a temporary name beside its own; output_commit renames it. A
// program that ends in between (die(), exit, an interrupt) removes what is
// half-written. Devices and pipes are written directly.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "common/error.h"

enum { FILE_PADDING = 64 };

typedef struct {
    // size bytes, then FILE_PADDING zero bytes, so that wide loads may run past the end
    char *data;
    size_t size;
} Bytes;

// The whole of a file; "-" is standard input. The caller frees with bytes_free.
bool file_read(Bytes *bytes, const char *path, Error *err);
void bytes_free(Bytes *bytes);
// What messages call a path: "-" is "standard input".
const char *file_label(const char *path);

typedef struct {
    FILE *stream;     // write here
    char *path;       // NULL: standard output
    char *temporary;  // NULL: what is not a regular file is written directly
} Output;

// Opens path for writing; "-" is standard output.
bool output_open(Output *out, const char *path, Error *err);
// Flushes, checks every write so far, and gives the file its name. The only call that
// makes a file visible.
bool output_commit(Output *out, Error *err);
// Forgets the file; nothing is left of it.
void output_cancel(Output *out);

// mkdir -p; an existing folder is fine.
bool make_folder(const char *path, Error *err);
