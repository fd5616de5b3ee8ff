#include "ch01_tokenizer/split_vector.h"

#include <assert.h>

#include "common/numeric/vec_bytes.h"

_Static_assert(SPLIT_WINDOW % (int)BYTES_LANES == 0, "a window is whole vectors");

typedef uint64_t Bits;  // bit i: of the window's byte i

// What the window's bytes are; no bit outside `known`, those before the first byte that
// is not ASCII.
typedef struct {
    const char *bytes;
    Bits known, letters, numbers, blanks, newlines, others;
    Bits space;  // ' ' alone
    Bits upper, quotes, slashes;
} Window;

static inline Bits before(Bits b) { return b << 1; }  // the byte before is one of these
static inline Bits after(Bits b) { return b >> 1; }   // the byte after is one of these
static inline Bits first_of_runs(Bits b) { return b & ~before(b); }
static inline Bits last_of_runs(Bits b) { return b & ~after(b); }
static inline Bits below_lowest(Bits b) { return (b & -b) - 1; }  // all ones for no bit
static inline int lowest(Bits b) { return __builtin_ctzll(b); }

// Bits of b, in runs, that a run's first bit in `from` leads to: the sum carries through
// such a run and clears it.
static inline Bits runs_from(Bits b, Bits from) { return b & ~(b + (from & b)); }

VEC_INLINE Window look(const char *bytes) {
    Window w = {.bytes = bytes};
    Bits beyond = 0, tabs = 0;  // not ASCII; white space but ' '
    for (int at = 0; at < SPLIT_WINDOW; at += BYTES_LANES) {
        ByteVec v = bytes_load(bytes + at);
        beyond |= bytes_bits(v > 0x7F) << at;
        w.letters |= bytes_bits(bytes_within(v | 0x20, 'a', 'z')) << at;
        w.upper |= bytes_bits(bytes_within(v, 'A', 'Z')) << at;
        w.numbers |= bytes_bits(bytes_within(v, '0', '9')) << at;
        w.space |= bytes_bits(v == ' ') << at;
        w.newlines |= bytes_bits((v == '\n') | (v == '\r')) << at;
        tabs |= bytes_bits(bytes_within(v, '\t', '\r')) << at;
        w.quotes |= bytes_bits(v == '\'') << at;
        w.slashes |= bytes_bits(v == '/') << at;
    }
    // without the last, so that no sum is carried out of the word
    w.known = below_lowest(beyond) & ~(Bits)0 >> 1;
    w.letters &= w.known, w.upper &= w.known, w.numbers &= w.known;
    w.space &= w.known, w.newlines &= w.known;
    w.quotes &= w.known, w.slashes &= w.known;
    w.blanks = (tabs & w.known & ~w.newlines) | w.space;
    w.others = w.known & ~(w.letters | w.numbers | w.blanks | w.newlines);
    return w;
}

// ---- what the patterns share

// Starts of pieces, and which bits of them the window decides.
typedef struct {
    Bits at, decided;
} Starts;

// A start depends on two bytes after it at most.
static inline Starts no_starts(const Window *w) { return (Starts){0, w->known >> 2}; }

// A piece or two of numbers, of letters ... begins at the blank before it if that is ' '.
static inline Bits unless_spaced(const Window *w, Bits runs) {
    return first_of_runs(runs) & ~before(w->space);
}

// How many bytes a contraction takes that begins with the quote at bit i; 0: none does.
static inline int contraction(const Window *w, int i, bool capitals) {
    // the two bytes after it are known where its start is decided
    SplitText three = {.bytes = w->bytes + i, .size = 3};
    return (int)split_contraction(&three, 0, capitals);
}

// Every third number of a run begins a piece.
static inline Bits threes(Bits numbers) {
    Bits all = first_of_runs(numbers), more = all;
    Bits three = numbers & before(numbers) & before(before(numbers));
    while ((more = more << 3 & three) != 0) all |= more;
    return all;
}

// A word begins at its first letter, unless one character before it goes with it: a
// blank, or one of `others` that is alone and not itself after a ' '.
static inline Bits word_starts(const Window *w) {
    Bits alone = unless_spaced(w, w->others);
    return first_of_runs(w->letters) & ~before(w->blanks | alone);
}

// White space up to its last newline, all but the last of the rest, and that one; newlines
// right after `others` are theirs.
static inline void add_white_space(const Window *w, Bits theirs, Starts *s) {
    Bits newlines = w->newlines & ~theirs, spaces = newlines | w->blanks;
    Bits ends = before(last_of_runs(newlines));
    // blanks after a newline: if another newline follows them, or may, no piece ends here
    Bits blanks = w->blanks & ends, behind = (w->blanks + blanks) & ~w->blanks;
    if (behind & (w->newlines | ~w->known)) s->decided &= below_lowest(blanks);
    s->at |= first_of_runs(spaces) | ends | (w->blanks & ~after(spaces | w->newlines));
}

// ---- the patterns

VEC_INLINE Starts gpt2(const Window *w) {
    Starts s = no_starts(w);
    Bits spaces = w->blanks | w->newlines;
    s.at = unless_spaced(w, w->letters) | unless_spaced(w, w->numbers)
           | unless_spaced(w, w->others) | first_of_runs(spaces) | last_of_runs(spaces);
    Bits quotes = w->quotes & unless_spaced(w, w->others) & after(w->letters);
    for (quotes &= s.decided; quotes; quotes &= quotes - 1) {
        int i = lowest(quotes), size = contraction(w, i, false);
        if (size == 0) continue;
        s.at &= ~((Bits)2 << i);  // no word begins after the quote
        s.at |= (Bits)1 << i << size;
    }
    return s;
}

VEC_INLINE Starts cl100k(const Window *w) {
    Starts s = no_starts(w);
    s.at = word_starts(w) | threes(w->numbers) | unless_spaced(w, w->others);
    add_white_space(w, runs_from(w->newlines, before(w->others)), &s);
    Bits quotes = w->quotes & unless_spaced(w, w->others) & after(w->letters);
    for (quotes &= s.decided; quotes; quotes &= quotes - 1) {
        int i = lowest(quotes), size = contraction(w, i, true);
        if (size) s.at |= (Bits)1 << i << size;
    }
    return s;
}

VEC_INLINE Starts o200k(const Window *w) {
    Starts s = no_starts(w);
    Bits theirs = runs_from(w->newlines, before(w->others));
    s.at = word_starts(w) | threes(w->numbers) | unless_spaced(w, w->others);
    s.at |= w->upper & before(w->letters & ~w->upper);
    add_white_space(w, theirs, &s);
    // a slash after them is theirs too, and what follows it
    Bits slashes = w->slashes & before(theirs);
    if (slashes) s.decided &= below_lowest(slashes);
    Bits quotes = w->quotes & before(w->letters) & s.decided;
    for (int end = 0; quotes; quotes &= quotes - 1) {
        int i = lowest(quotes), size = contraction(w, i, true);
        // one contraction a word
        if (size == 0 || (end > 0 && i == end)) continue;
        end = i + size;
        s.at &= ~((((Bits)1 << size) - 1) << i);
        s.at |= (Bits)1 << end;
    }
    return s;
}

static inline size_t ends_of(Starts s, size_t at, size_t *ends) {
    size_t count = 0;
    // the first start is the window's own
    for (Bits rest = s.at & s.decided & ~(Bits)1; rest; rest &= rest - 1)
        ends[count++] = at + (size_t)lowest(rest);
    return count;
}

VEC_FUNCTION size_t split_vector(const SplitText *text, size_t at, size_t *ends) {
    if (text->size - at < SPLIT_WINDOW) return 0;
    // no piece ends before a character that is not ASCII: Chinese costs no look
    if ((text->bytes[at] | text->bytes[at + 1]) & 0x80) return 0;
    Window w = look(text->bytes + at);
    switch (text->rule) {
        case SPLIT_GPT2: return ends_of(gpt2(&w), at, ends);
        case SPLIT_CL100K: return ends_of(cl100k(&w), at, ends);
        case SPLIT_O200K: return ends_of(o200k(&w), at, ends);
        case SPLIT_ENGINE:
        case SPLIT_RULES: break;
    }
    assert(false);  // no rule by hand
    return 0;
}
