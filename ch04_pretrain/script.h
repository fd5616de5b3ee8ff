// Scripts: which letters a text is written in. Lecture, section 4.17.
//
// A letter is a code point in one of these ranges. They are those of the scripts that
// most pages are written in, as blocks of Unicode; what is in none (a digit, a sign, a
// letter of Tifinagh) is no letter here.
#pragma once

typedef enum {
    SCRIPT_LATIN,
    SCRIPT_GREEK,
    SCRIPT_CYRILLIC,
    SCRIPT_HEBREW,
    SCRIPT_ARABIC,
    SCRIPT_INDIC,
    SCRIPT_THAI,
    SCRIPT_KANA,
    SCRIPT_HANGUL,
    SCRIPT_HAN,
    SCRIPT_COUNT
} Script;
enum { SCRIPT_NONE = -1 };

// For option_choice: the names, then NULL.
extern const char *const script_names[];

// The script of a code point; SCRIPT_NONE: it is no letter.
int script_of(int point);
