// What a character is to a pattern: letter, mark, number, white space or none of these.
// Lecture, section 1.12.
//
// The patterns that have names tell eight classes of characters apart. Which character
// is in which, PCRE2 says: it is asked once for every code point, so Unicode's tables
// stay its own. Code points come in blocks of 128; neighbours that are equal share one:
//
//     index    0  1  2  ...  155 155 155 155 ...        0x110000 / 128 of them
//     blocks   oooooo__LLLL..., ..., *****************  a class per code point
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef enum {
    CHAR_OTHER,    // none of those below: punctuation, symbols, what is not assigned
    CHAR_BLANK,    // white space but \r and \n
    CHAR_NEWLINE,  // \r and \n
    CHAR_NUMBER,   // \p{N}
    CHAR_UPPER,    // \p{Lu} and \p{Lt}
    CHAR_LOWER,    // \p{Ll}
    CHAR_LETTER,   // \p{Lm} and \p{Lo}: letters without case
    CHAR_MARK,     // \p{M}: accents that stand on the character before them
    CHAR_CLASSES
} CharClass;

enum { CHAR_BLOCK_BITS = 7, CHAR_BLOCK = 1 << CHAR_BLOCK_BITS, CODE_POINTS = 0x110000 };

typedef struct {
    uint16_t index[CODE_POINTS / CHAR_BLOCK];
    uint8_t (*blocks)[CHAR_BLOCK];
} CharClasses;

// The same table for all who ask; made by the first. Safe on many threads.
const CharClasses *char_classes(void);

static inline CharClass char_class(const CharClasses *classes, uint32_t point) {
    return (CharClass)
        classes->blocks[classes->index[point >> CHAR_BLOCK_BITS]][point % CHAR_BLOCK];
}

// White space as Unicode defines it (White_Space), for a pattern's brackets. PCRE2's own
// \s also takes U+180E, which left it in 2013. BLANK: without \r and \n.
#define SPACE_FROM_0X20 \
    " \\x{85}\\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}" \
    "\\x{3000}"
#define SPACE "\\t-\\r" SPACE_FROM_0X20
#define BLANK "\\t\\x{b}\\x{c}" SPACE_FROM_0X20
