// Our own checkpoints: names, shapes, and numbers. Lecture, section 3.12.
//
//     course-checkpoint 1             text, one item per line, ended by \n
//     note model gpt-small            any number of notes: a key without spaces, a value to the line's end
//     tensor token.weight 512 64      one line per tensor: a name without spaces, rows, columns
//     tensor block.0.norm1.gain 1 64
//     checksum 8c3bf1d20e57a946       the last line; spaces before its \n bring the header to a multiple
//                                     of 64 bytes
//     fp32 ...                        then the tensors' numbers, in that order, row after row, little-endian,
//                                     nothing between or after them
//
// The checksum is 64-bit FNV-1a: h = (h xor unit) * 0x100000001b3, from h =
// 0xcbf29ce484222325, over the bytes of all lines before "checksum" and then the
// numbers, each one unit of 32 bits. It finds accidents, not forgeries.
//
// `head -n 20 file` shows what is in one. Files are written to a temporary name and
// renamed: a crash leaves the old one.
#pragma once
#include "common/error.h"
#include "common/numeric/mat.h"

typedef struct {
    const char *name;
    // rows x cols, at least 1 x 1; any view where it is written or loaded into
    Mat at;
} CheckpointTensor;

typedef struct {
    const char *key, *value;
} CheckpointNote;

// Names and keys have no white space, values no newline, no name comes twice: a
// caller's bug otherwise.
bool checkpoint_write(const char *path, const CheckpointTensor *tensors, int count,
                      const CheckpointNote *notes, int note_count, Error *err);

// Fills existing tensors. The file must have exactly these names with these shapes, in
// any order; false and err on anything else, and then no tensor has changed. (It is
// read beside them first: twice the memory for a moment.)
bool checkpoint_load(const char *path, const CheckpointTensor *tensors, int count,
                     Error *err);

typedef struct {
    CheckpointTensor *tensors;  // with memory of their own
    CheckpointNote *notes;
    int count, note_count;
    size_t capacity, note_capacity;
} Checkpoint;

// Whatever is in a file. False and err ("path: ..." or "path:LINE: ...", one line)
// where it is not intact.
bool checkpoint_read(Checkpoint *c, const char *path, Error *err);
void checkpoint_free(Checkpoint *c);
// its value; NULL: no such note
const char *checkpoint_note(const Checkpoint *c, const char *key);
// NULL: no such tensor
const Mat *checkpoint_find(const Checkpoint *c, const char *name);
// Whether it has exactly these names with these shapes (.at may be NULL); err, with
// `path`, says what it has not.
bool checkpoint_fits(const Checkpoint *c, const char *path,
                     const CheckpointTensor *tensors, int count, Error *err);
