// Reading a file line by line, and saying where it is wrong.
//
// A Reader is a place in a file that is in memory already. Every message of a format's
// reader begins with the file and the line: "merges.txt:312: ...".
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"

typedef struct {
    const char *path;
    const char *at, *end;  // what has not been read yet
    size_t file_size;
    int number;  // of the line below, from 1, empty lines counted
    char *line;  // without its newline, ended by '\0'
    size_t size, capacity;
    Error *err;
} Reader;

// The next line that is not empty; false at the end of the file.
bool next_line(Reader *r);
// "file:line: message" in r->err; returns false.
bool fail(Reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
// The same for a message of the tokenizer.
bool fail_as(Reader *r, const Error *problem);
// A whole number of at most `most` that ends at a space or the end; moves *text past it.
bool read_number(const char **text, long long most, long long *number);
