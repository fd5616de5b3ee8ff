#include "ch01_tokenizer/split_hand.h"

#include <assert.h>
#include <stdint.h>

// A set of classes.
typedef unsigned Set;
#define IN(class) (1u << (class))
enum {
    // after the last class: no character at all
    CHAR_END = CHAR_CLASSES,
    CASELESS = IN(CHAR_LETTER) | IN(CHAR_MARK),
    LETTERS = IN(CHAR_UPPER) | IN(CHAR_LOWER) | IN(CHAR_LETTER),
    NUMBERS = IN(CHAR_NUMBER),
    SPACES = IN(CHAR_BLANK) | IN(CHAR_NEWLINE),
    NEWLINES = IN(CHAR_NEWLINE),
    OTHERS = IN(CHAR_OTHER) | IN(CHAR_MARK),  // [^\s\p{L}\p{N}]
    PREFIXES = OTHERS | IN(CHAR_BLANK),       // [^\r\n\p{L}\p{N}]
    UPPERS = IN(CHAR_UPPER) | CASELESS,       // o200k's two halves of a word
    LOWERS = IN(CHAR_LOWER) | CASELESS,
};

// ---- one character

typedef struct {
    CharClass class;
    size_t next;  // where the character after it begins
} Char;

static inline Char char_at(const SplitText *t, size_t at) {
    if (at >= t->size) return (Char){(CharClass)CHAR_END, at};
    const unsigned char *b = (const unsigned char *)t->bytes + at;
    uint32_t point = b[0];
    size_t size = 1;
    if (b[0] >= 0xF0)
        point =
            (b[0] & 7u) << 18 | (b[1] & 63u) << 12 | (b[2] & 63u) << 6 | (b[3] & 63u),
        size = 4;
    else if (b[0] >= 0xE0)
        point = (b[0] & 15u) << 12 | (b[1] & 63u) << 6 | (b[2] & 63u), size = 3;
    else if (b[0] >= 0x80) point = (b[0] & 31u) << 6 | (b[1] & 63u), size = 2;
    return (Char){char_class(t->classes, point), at + size};
}

static inline bool holds(Set set, Char c) { return set >> c.class & 1; }

static inline bool byte_is(const SplitText *t, size_t at, char byte) {
    return at < t->size && t->bytes[at] == byte;
}

// The first place from `at` on whose character is not in the set.
static inline size_t skip(const SplitText *t, size_t at, Set set) {
    for (Char c; c = char_at(t, at), holds(set, c);) at = c.next;
    return at;
}

// ---- what the patterns share

static inline char lower(char c) { return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c; }

size_t split_contraction(const SplitText *t, size_t at, bool capitals) {
    if (!byte_is(t, at, '\'')) return at;
    size_t left = t->size - at;
    if (left < 3 && t->open) return SIZE_MAX;
    if (left < 2) return at;
    const char *b = t->bytes + at;
    char first = capitals ? lower(b[1]) : b[1], second = left < 3 ? '\0' : b[2];
    if (first == 's' || first == 't' || first == 'm' || first == 'd') return at + 2;
    if (capitals && (unsigned char)first == 0xC5 && (unsigned char)second == 0xBF)
        return at + 3;  // U+017F
    if (capitals) second = lower(second);
    bool two = (first == 'l' && second == 'l')
               || ((first == 'r' || first == 'v') && second == 'e');
    return two ? at + 3 : at;
}

// \s+(?!\S)|\s+: a run of white space leaves its last character to what follows.
static size_t all_but_last_space(const SplitText *t, size_t at) {
    size_t end = at, last = at;
    for (Char c; c = char_at(t, end), holds(SPACES, c); end = c.next) last = end;
    return end == t->size || last == at ? end : last;
}

// \s*[\r\n]+|\s+(?!\S)|\s+: the same, but a run ends after its last newline.
static size_t white_space(const SplitText *t, size_t at) {
    size_t end = at, newline = at;
    for (Char c; c = char_at(t, end), holds(SPACES, c); end = c.next)
        if (c.class == CHAR_NEWLINE) newline = c.next;
    if (t->open && end == t->size) return end;
    return newline > at ? newline : all_but_last_space(t, at);
}

// \p{N}{1,3}; `at` where there is no number.
static size_t three_numbers(const SplitText *t, size_t at) {
    for (int i = 0; i < 3; i++) {
        Char c = char_at(t, at);
        if (c.class != CHAR_NUMBER) break;
        at = c.next;
    }
    return at;
}

// Characters of one set, with a blank before them if there is one; `at` where there are
// none.
static size_t spaced(const SplitText *t, size_t at, Set set) {
    size_t first = at + byte_is(t, at, ' '), end = skip(t, first, set);
    return end > first ? end : at;
}

// ---- the patterns: the end of the piece at `at`, SIZE_MAX where the text ends too soon

static size_t gpt2(const SplitText *t, size_t at) {
    size_t end = split_contraction(t, at, false);
    if (end == at) end = spaced(t, at, LETTERS);
    if (end == at) end = spaced(t, at, NUMBERS);
    if (end == at) end = spaced(t, at, OTHERS);
    return end > at ? end : all_but_last_space(t, at);
}

static size_t cl100k(const SplitText *t, size_t at) {
    size_t end = split_contraction(t, at, true);
    if (end > at) return end;
    Char first = char_at(t, at);
    if (holds(LETTERS, first)) return skip(t, first.next, LETTERS);
    if (holds(PREFIXES, first) && (end = skip(t, first.next, LETTERS)) > first.next)
        return end;
    if ((end = three_numbers(t, at)) > at) return end;
    if ((end = spaced(t, at, OTHERS)) > at) return skip(t, end, NEWLINES);
    return white_space(t, at);
}

// UPPERS* LOWERS+ from `at`; `at` where that does not match. A run of UPPERS that no
// lower case follows ends with its last caseless character, which is in LOWERS too.
static size_t capital_word(const SplitText *t, size_t at) {
    size_t end = at, caseless = at;
    for (Char c; c = char_at(t, end), holds(UPPERS, c); end = c.next)
        if (holds(CASELESS, c)) caseless = c.next;
    size_t more = skip(t, end, LOWERS);
    if (t->open && more == t->size) return more;
    return more > end ? more : caseless;
}

// Both of o200k's kinds of words, each first with a character before it, then without.
static size_t word(const SplitText *t, size_t at) {
    Char first = char_at(t, at);
    size_t begin = holds(PREFIXES, first) ? first.next : at, end;
    if ((end = capital_word(t, begin)) > begin) return end;
    if (begin > at && (end = capital_word(t, at)) > at) return end;
    // UPPERS+ LOWERS*, where no LOWERS follow
    if ((end = skip(t, begin, UPPERS)) > begin) return end;
    return skip(t, at, UPPERS);
}

static size_t newlines_and_slashes(const SplitText *t, size_t at) {
    while (byte_is(t, at, '\r') || byte_is(t, at, '\n') || byte_is(t, at, '/')) at++;
    return at;
}

static size_t o200k(const SplitText *t, size_t at) {
    size_t end = word(t, at);
    if (end > at) return split_contraction(t, end, true);
    if ((end = three_numbers(t, at)) > at) return end;
    if ((end = spaced(t, at, OTHERS)) > at) return newlines_and_slashes(t, end);
    return white_space(t, at);
}

typedef size_t Rule(const SplitText *t, size_t at);
static Rule *const rules[] = {
    [SPLIT_ENGINE] = NULL,
    [SPLIT_GPT2] = gpt2,
    [SPLIT_CL100K] = cl100k,
    [SPLIT_O200K] = o200k,
};
_Static_assert(sizeof rules / sizeof *rules == SPLIT_RULES, "a function per rule");

size_t split_hand(const SplitText *text, size_t at) {
    assert(at < text->size && text->rule != SPLIT_ENGINE);
    size_t end = rules[text->rule](text, at);
    return end < text->size ? end : text->size;
}
