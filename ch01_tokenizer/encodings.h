// Published encodings in tiktoken's format: what their files leave out.
//
// A file of ranks names neither its pattern nor its special tokens. How many ranks it has
// tells which encoding it is; where two share one file, the first is meant unless the
// other is asked for by name.
#pragma once

typedef struct {
    const char *text;
    int id;
} SpecialId;

// Special tokens that are numbered in their names: FORMAT with first, first + 1, ... has
// the ids id .. last_id.
typedef struct {
    const char *format;
    int first, id, last_id;
} SpecialRange;

typedef struct {
    const char *names[4];          // ends with NULL
    const char *pattern;           // its name in pattern.c
    int ranks;                     // lines of the file
    const SpecialId *specials;     // ends with {0}
    const SpecialRange *numbered;  // ends with {0}; NULL: none
} Encoding;

// The encoding whose file has so many ranks: the one of that name, or the first; NULL:
// none that is known. name may be NULL, and may name something else.
const Encoding *encoding_of(int ranks, const char *name);
// The n-th of all encodings; NULL past the last.
const Encoding *encoding_nth(int n);

// Special token number n, written to text[0 .. size-1]; its id, or -1 past the last.
int encoding_special(const Encoding *e, int n, char *text, int size);
