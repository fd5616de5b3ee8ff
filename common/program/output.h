// Files being written: whole, or not at all.
//
// What is written has no name, or a temporary one beside its own; output_commit gives it
// its name. A program that ends in between (die, exit, a signal) leaves nothing
// half-written. Devices and pipes are written directly.
//
//     if (!output_check(path, &err)) die("%s", err.text);  // before hours of work
//     ...
//     if (!output_open(&out, path, &err)) die("%s", err.text);
//     fprintf(out.stream, ...);
//     if (!output_commit(&out, &err)) die("%s", err.text);
//
// Standard output is a file like any other, but its reader can go away: whoever prints
// as results come calls stdout_flush() after each of them. `program | head -c 3` then
// ends at once.
#pragma once
#include <stdbool.h>
#include <stdio.h>

#include "common/error.h"

typedef struct {
    FILE *stream;     // write here
    char *path;       // NULL: standard output
    char *temporary;  // NULL: what is not a regular file is written directly
    bool unnamed;     // the temporary name is not used before the end
} Output;

// Whether path can be written, as far as one can see without writing; "-" can. A folder
// that lets no file be made is named in the message.
bool output_check(const char *path, Error *err);
// Opens path for writing; "-" is standard output. A link is followed, also to a file
// that is not there yet.
bool output_open(Output *out, const char *path, Error *err);
// Flushes, checks every write so far, and gives the file its name. The only call that
// makes a file visible.
bool output_commit(Output *out, Error *err);
// Forgets the file; nothing is left of it.
void output_cancel(Output *out);

// What was printed leaves now; ends the program where it cannot.
void stdout_flush(void);
