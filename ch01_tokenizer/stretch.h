// What a text consists of, before any splitting: stretches of well-formed UTF-8, runs
// of broken bytes, and special tokens. Lecture, section 1.7.
//
// Each stretch of text is split as if it stood alone. A run of broken bytes is one
// piece, kept byte for byte. A special token stands for itself, never for its letters.
#pragma once
#include <stddef.h>

typedef struct {
    char *text;
    size_t size;
    int id;
} Special;

typedef enum { STRETCH_TEXT, STRETCH_BROKEN, STRETCH_SPECIAL } StretchKind;

typedef struct {
    size_t begin, end;
    StretchKind kind;
    int id;  // of a special token; training's have none yet
} Stretch;

// Cuts text[0 .. n-1]; the caller frees *stretches. Where special tokens overlap, the
// first wins, then the longest. special_count 0: their text is text like any other.
size_t cut_stretches(Stretch **stretches, const char *text, size_t n,
                     const Special *specials, int special_count);
