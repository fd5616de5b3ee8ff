// C source as a lecture sees it: definitions found by name, and the ids of claims.
//
// Not a parser. Comments, literals and brackets are understood, and the course's own
// style is relied on: a definition begins at column 0. The source is NUL-terminated; a
// result points into it.
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef struct {
    const char *at;
    size_t size;
} Text;

bool text_is(Text text, const char *word, size_t size);

// Past the comment, literal, word or character at p.
const char *source_token_end(const char *p);

// The definition of a function, struct, union, enum, enum constant, typedef, variable
// or macro, in whole lines, with the comment lines directly above it. A definition with
// a body (or a value) is preferred to a mere declaration. {NULL, 0} where there is
// none.
Text source_definition(const char *source, const char *name, size_t name_size);

// The next claim in the source from *at on: the literal that is the second argument of
// claim_...(lab, "1.4", ...). Moves *at past it. False when there are no more.
bool source_claim(const char **at, Text *id);
