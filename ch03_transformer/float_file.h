// Binary files of weights: what the three checkpoint readers share.
//
// A reader looks at the header, computes how large the file must be, and compares
// before it allocates anything. Numbers go straight into their matrices; a NaN or an
// infinity among them is refused with its tensor's name. Files are little-endian, and
// so must be the machine.
#pragma once
#include <stdint.h>
#include <stdio.h>

#include "common/error.h"
#include "common/numeric/mat.h"

typedef enum { FLOAT_FP32, FLOAT_BF16 } FloatKind;

typedef struct {
    FILE *stream;
    const char *path;  // the caller's
    uint64_t size;     // bytes in the file
} FloatFile;

// Only files that have a size: no pipes. False and err ("path: ...") where it cannot be
// opened.
bool float_file_open(FloatFile *f, const char *path, Error *err);
void float_file_close(FloatFile *f);
bool float_file_bytes(FloatFile *f, void *to, size_t size, Error *err);
bool float_file_skip(FloatFile *f, uint64_t size, Error *err);
// The next rows x cols numbers, row after row. `name` and `layer` (from 0;
// -1: none) are for the message, which counts layers from 1.
bool float_file_read(FloatFile *f, FloatKind kind, Mat to, const char *name, int layer,
                     Error *err);
// "path: 120 bytes, but its header says 4000: cut short"; true where they agree.
bool float_file_expect(const FloatFile *f, uint64_t size, Error *err);

size_t float_size(FloatKind kind);
// The other way, in fp32: write errors show when the file is committed.
void floats_write(FILE *stream, Mat from);
