// Colours for people: on a terminal, unless NO_COLOR is set (no-color.org) or the
// terminal is dumb. Into a pipe or a file there are none: what programs read never
// changes.
//
//     printf("%s%s%s", colour(COLOUR_GOOD), "ok", colour(COLOUR_OFF));
#pragma once
#include <stdbool.h>
#include <stddef.h>

typedef enum {
    COLOUR_OFF,    // what follows is as usual
    COLOUR_GOOD,   // green
    COLOUR_BAD,    // red, bold
    COLOUR_FAINT,  // heads, remarks
    COLOUR_KINDS
} Colour;

// Whether standard output shows colours.
bool colours(void);
// What to print before; "" where there are none.
const char *colour(Colour kind);
// For text cut into pieces, and pieces into tokens: a ground that tells both from their
// neighbours, blue and orange pieces, light and lighter tokens.
const char *colour_token(size_t piece, size_t token);
