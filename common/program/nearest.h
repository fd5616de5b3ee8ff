// "Did you mean": of many names the one that was most likely meant.
//
//     Nearest meant = nearest_to("rope_decay");
//     for (...) nearest_try(&meant, names[i]);
//     die("no lab '%s'%s", word, nearest_text(&meant));
//
// prints "no lab 'rope_decay'; did you mean rope-decay? --help lists them".
#pragma once
#include <stddef.h>

typedef struct {
    const char *word;
    size_t length;       // of the word
    const char *name;    // the nearest so far; NULL: none is near
    size_t distance;     // its distance, or one more than is near
    const char *before;  // what to write before a name: "--" for options
    char text[96];
} Nearest;

Nearest nearest_to(const char *word, size_t length, const char *before);
// The distance is the number of letters to add, leave out, change or exchange with their
// neighbour; _ is as good as -. What follows a beginning counts as one: attenion is 2 from
// attention-map.
void nearest_try(Nearest *nearest, const char *name);
// "; did you mean NAME? --help lists them", or "; --help lists them".
const char *nearest_text(Nearest *nearest);
