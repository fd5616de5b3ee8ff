// Files: read whole; written (output.h) whole or not at all. And the three streams that
// every program has.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/program/output.h"

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

// To be called first in main. A stream that was closed when the program began (2>&-) is
// occupied: otherwise the first file opened would get its number, and messages would be
// written into it. What is read from it or written to it fails. A file that grows beyond
// the limit (ulimit -f) is a failed write, not the end.
void standard_streams_occupy(void);

// Whether two names are those of one file, also by links; false where either is none.
bool same_file(const char *a, const char *b);

// mkdir -p; an existing folder is fine.
bool make_folder(const char *path, Error *err);
