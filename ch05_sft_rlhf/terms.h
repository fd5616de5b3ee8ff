// Terms: the words of a text, as one looks them up. Lecture, section 5.16.
//
//     "Where does Anna live?"      Where  does  Anna  live
//
// A word is a run of letters and digits (and of all that is not ASCII); what is between
// words is dropped. It is kept as it was written, and compared by a hash of its small
// letters.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    char *text;
    uint64_t hash;
} Term;

typedef struct {
    Term *list;
    int count;
    size_t capacity;
} Terms;

// Appends the words of a text.
void terms_read(Terms *to, const char *text);
Terms terms_of(const char *text);
// The same words in the same order.
bool terms_equal(const Terms *a, const Terms *b);
void terms_free(Terms *w);
// The hash of a word that is written in small letters.
uint64_t term_hash(const char *small);
