// A page of Markdown: its text, and its prose.
//
// The prose is the text with code and comments blanked out, and on demand maths, byte
// for byte: a place in the one is the same place in the other. Whatever is looked for
// in prose cannot be found in an example.
#pragma once
#include <stdbool.h>
#include <stddef.h>

#include "common/error.h"
#include "common/program/file.h"

// what code becomes in prose: neither a space nor a letter; comments become spaces
enum { CODE = '\1' };

typedef struct {
    const char *path;
    Bytes file;
    const char *text;  // NUL-terminated
    char *prose;
} Page;

bool page_read(Page *page, const char *path, Error *err);
void page_free(Page *page);

// Blanks out the maths, and reports, if that is wanted, what would not render as maths
// where the repository is hosted. A dollar that means money is written \$.
void page_blank_maths(Page *page, bool report);

// "path:line: what" on stderr, counted.
void problem(const char *path, size_t line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
extern int problems;
extern const char *problem_prefix;

// A fenced block: the number of marks that open it in this line, or 0; and past its
// last line.
size_t fence_length(const char *line);
char *fence_end(const char *line);

bool starts(const char *p, const char *with);
// the next line's start, or the text's end
char *line_end(const char *p);
size_t line_of(const char *text, const char *place);  // counts from 1
size_t run_of(const char *p, char c);                 // how many c stand at p
