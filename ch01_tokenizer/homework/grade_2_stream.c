// Problem 2: streaming UTF-8.
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "ch01_tokenizer/homework/grade.h"
#include "ch01_tokenizer/utf8.h"

enum { MOST_POINTS = 256 };

// The right rule, and wrong ones that the grader knows.
typedef enum {
    MAXIMAL_SUBPART,
    EACH_BYTE,
    ONE_A_RUN,
    SWALLOWED,
    ANY_SECOND,
    ALL_NARROW,     // the narrower range of the second byte holds for all later ones
    SIX_BITS_LOST,  // later bytes are added without their shift
    LEAD_WHOLE,     // the lead byte's own bits are not cut off
    LATER_WHOLE,    // nor those of later bytes
    DROPPED,        // broken bytes give nothing
    LONE_DROPPED,   // those that begin nothing do not
} Rule;

typedef struct {
    size_t length;    // bytes
    bool good, open;  // open: with more bytes it might still become good
    int point;
} Unit;

// From 80 on: no character begins with it.
static bool begins_nothing(unsigned char byte) {
    return byte >= 0x80 && (byte < 0xC2 || byte > 0xF4);
}

// The character that text begins with, or else the broken stretch: by the right rule, a
// maximal subpart.
static Unit unit_at(const unsigned char *t, size_t n, Rule rule) {
    if (t[0] < 0x80) return (Unit){1, true, false, t[0]};
    if (begins_nothing(t[0])) return (Unit){1, false, false, REPLACEMENT};
    size_t size = t[0] < 0xE0 ? 2 : t[0] < 0xF0 ? 3 : 4;
    int low = t[0] == 0xE0 ? 0xA0 : t[0] == 0xF0 ? 0x90 : 0x80;
    int high = t[0] == 0xED ? 0x9F : t[0] == 0xF4 ? 0x8F : 0xBF;
    bool allowed = n < 2 || (low <= t[1] && t[1] <= high);
    if (rule == ANY_SECOND) low = 0x80, high = 0xBF;
    int point = t[0] & (rule == LEAD_WHOLE ? 0xFF : 0x7F >> size);
    size_t i = 1;
    for (; i < size && i < n && low <= t[i] && t[i] <= high; i++) {
        int bits = t[i] & (rule == LATER_WHOLE ? 0xFF : 0x3F);
        point = rule == SIX_BITS_LOST ? point | bits : point << 6 | bits;
        if (rule != ALL_NARROW) low = 0x80, high = 0xBF;
    }
    if (i == size && allowed) return (Unit){size, true, false, point};
    if (rule == EACH_BYTE) return (Unit){1, false, i == n, REPLACEMENT};
    if (rule == SWALLOWED && i < n && i < size) i++;
    return (Unit){i, false, i == n && i < size, REPLACEMENT};
}

// The whole text; with `all` false without a unit at its end that is still open.
static size_t decode_text(const char *text, size_t n, Rule rule, bool all,
                          int *points) {
    size_t count = 0;
    bool run = false;
    for (size_t i = 0; i < n;) {
        Unit unit = unit_at((const unsigned char *)text + i, n - i, rule);
        if (unit.open && !all) break;
        bool lone = begins_nothing((unsigned char)text[i]);
        bool kept = rule == ONE_A_RUN      ? !run
                    : rule == LONE_DROPPED ? !lone
                                           : rule != DROPPED;
        if (unit.good || kept) points[count++] = unit.point;
        run = !unit.good;
        i += unit.length;
    }
    return count;
}

static const Text WELL_FORMED = TEXT(
    // usual characters
    "a\xC3\xA9\xE2\x82\xAC\0\xF0\x9F\x98\x80z"
    // and extreme ones
    "\xED\x9F\xBF\xEE\x80\x80\xF4\x8F\xBF\xBF\xC2\x80\xE0\xA0\x80\xF0\x90\x80\x80");

// The first five are the Unicode Standard's own examples in section 3.9: version 5.2's
// table 3-8, then the newer tables 3-8 to 3-11 (overlong forms, surrogates, other
// broken bytes, cut characters).
static const Text BROKEN[] = {
    TEXT("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64"),
    TEXT("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41"),
    TEXT("\xED\xA0\x80\xED\xBF\xBF\xED\xAF\x41"),
    TEXT("\xF4\x91\x92\x93\xFF\x41\x80\xBF\x42"),
    TEXT("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41"),
    TEXT("\xE2\x82\xE2\x82\xAC\xF0\x9F\x98\xF0\x9F\x98\x80\xC3\xC3\xA9"),
    TEXT("\xF4\x90\x80\x80\xF5\x80\x80\x80\xC1\x81"),
    TEXT("\xE2\x82\n\xF0\x9F\0\xC3"),
};
enum { BROKEN_TEXTS = sizeof BROKEN / sizeof *BROKEN };

typedef struct {
    int points[MOST_POINTS];
    size_t count;
    bool too_many;  // more than a chunk can give
    bool late;      // something decided was not written with its chunk
} Stream;

static void feed(Stream *s, Utf8Stream *state, const Text *text, size_t from,
                 size_t to) {
    assert(s->count + to - from + 1 < MOST_POINTS);
    int decided[MOST_POINTS];
    const char *chunk = grade_guarded("chunk", text->text + from, to - from);
    size_t got = utf8_stream(state, chunk, to - from, s->points + s->count);
    s->too_many |= got > to - from + 1;
    s->count += got > to - from + 1 ? to - from + 1 : got;
    s->late |= s->count < decode_text(text->text, to, MAXIMAL_SUBPART, false, decided);
}

// In chunks of `size` bytes, the first of `first`; an empty chunk after that if
// `empty`.
static Stream stream_chunks(const Text *text, size_t first, size_t size, bool empty) {
    static Stream s;
    memset(&s, 0, sizeof s);
    Utf8Stream state = {0};
    for (size_t from = 0, to = first; from < text->n; from = to, to += size) {
        if (to > text->n) to = text->n;
        feed(&s, &state, text, from, to);
        if (from == 0 && empty) feed(&s, &state, text, to, to);
    }
    int end[4];
    size_t got = utf8_stream_end(&state, end);
    s.too_many |= got > 1;
    if (got > 0) s.points[s.count++] = end[0];
    return s;
}

static Stream stream_text(const Text *text, size_t first, size_t size) {
    return stream_chunks(text, first, size, true);
}

static bool as_rule(const Stream *s, const Text *text, Rule rule) {
    int want[MOST_POINTS];
    size_t count = decode_text(text->text, text->n, rule, true, want);
    return !s->too_many && same_ints(s->points, s->count, want, count);
}

// A step: the code points are right; the hint shows the text and the first difference.
static void expect_points(Grade *g, int points, const char *what, int number,
                          const Stream *s, const Text *text) {
    int want[MOST_POINTS];
    size_t count = decode_text(text->text, text->n, MAXIMAL_SUBPART, true, want), i = 0;
    char bytes[200] = "";
    for (size_t b = 0; b < text->n && b < 48; b++)
        snprintf(bytes + strlen(bytes), sizeof bytes - strlen(bytes), " %02X",
                 (unsigned char)text->text[b]);
    while (i < count && i < s->count && s->points[i] == want[i]) i++;
    if (s->too_many)
        grade_expect(g, points, false,
                     "%s %d: more than n + 1 code points of a chunk of n bytes", what,
                     number + 1);
    else if (i < count && i < s->count)
        grade_expect(g, points, false,
                     "%s %d, code point %zu is U+%04X, should be U+%04X:%s", what,
                     number + 1, i, (unsigned)s->points[i], (unsigned)want[i], bytes);
    else
        grade_expect(g, points, s->count == count,
                     "%s %d: %zu code points, should be %zu:%s", what, number + 1,
                     s->count, count, bytes);
}

// Of all ways to cut the text, one that is decoded wrongly; or whole, if none is. Cuts
// into equal chunks, then every pair of places.
static Stream worst_cut(const Text *text) {
    for (size_t size = 1; size <= text->n; size++) {
        Stream s = stream_text(text, size, size);
        if (!as_rule(&s, text, MAXIMAL_SUBPART)) return s;
    }
    for (size_t first = 1; first < text->n; first++)
        for (size_t second = 1; second < text->n - first; second++) {
            Stream s = stream_text(text, first, second);
            if (!as_rule(&s, text, MAXIMAL_SUBPART)) return s;
        }
    return stream_text(text, text->n, 1);
}

// The first of the broken texts that is decoded wrongly, whole or cut, and what came of
// it; else the last.
static int first_wrong(bool cut, Stream *s) {
    for (int i = 0;; i++) {
        *s = cut ? worst_cut(&BROKEN[i]) : stream_text(&BROKEN[i], BROKEN[i].n, 1);
        if (i == BROKEN_TEXTS - 1 || !as_rule(s, &BROKEN[i], MAXIMAL_SUBPART)) return i;
    }
}

// ---- The simpler case that is right

// Code points, or bytes, as one would write them.
static const char *spelled(char *to, size_t room, const int *numbers, size_t count,
                           const char *form) {
    size_t used = 0;
    to[0] = '\0';
    for (size_t i = 0; i < count && used + 10 < room; i++) {
        used += (size_t)snprintf(to + used, room - used, "%s", i ? " " : "");
        used += (size_t)snprintf(to + used, room - used, form, (unsigned)numbers[i]);
    }
    return to;
}

// Text number `number` of `n` of these bytes: with each kind of first byte, and of
// those that follow.
static void text_of_number(size_t number, size_t n, char *text) {
    static const unsigned char kinds[] = {0x41, 0x80, 0xA0, 0xBF, 0xC2, 0xE0, 0xE1,
                                          0xED, 0xF0, 0xF1, 0xF4, 0xFF, 0xC0};
    for (size_t i = 0; i < n; i++, number /= sizeof kinds)
        text[i] = (char)kinds[number % sizeof kinds];
}

// Names the shortest text of these bytes that goes wrong, whole or cut.
static void contrast_shortest(Grade *g, bool cut) {
    enum { KINDS = 13, MOST_BYTES = 3 };
    char bytes[MOST_BYTES], is[80], should[80], came[80];
    size_t all = 1;
    for (size_t n = 1; n <= MOST_BYTES; n++) {
        all *= KINDS;
        for (size_t number = 0; number < all; number++) {
            text_of_number(number, n, bytes);
            Text text = {bytes, n};
            Stream s = cut ? worst_cut(&text) : stream_text(&text, n, 1);
            if (as_rule(&s, &text, MAXIMAL_SUBPART)) continue;
            int want[MOST_POINTS], each[MOST_BYTES];
            size_t count = decode_text(bytes, n, MAXIMAL_SUBPART, true, want);
            for (size_t i = 0; i < n; i++) each[i] = (unsigned char)bytes[i];
            grade_contrast(
                g, true, "only-shorter",
                "right where the text is shorter than %s, which is %s and came "
                "out as %s%s: follow these bytes through your function",
                spelled(is, sizeof is, each, n, "%02X"),
                spelled(should, sizeof should, want, count, "U+%04X"),
                spelled(came, sizeof came, s.points, s.count, "U+%04X"),
                s.count ? "" : "nothing");
            return;
        }
    }
}

static bool right_with_letters(const Text *text) {
    char longer[MOST_POINTS] = "";
    assert(text->n + 4 < sizeof longer);
    memcpy(longer, text->text, text->n), memset(longer + text->n, 'A', 4);
    Text more = {longer, text->n + 4};
    Stream s = stream_text(&more, more.n, 1);
    return as_rule(&s, &more, MAXIMAL_SUBPART);
}

// In one chunk.
static void contrast_whole(Grade *g, bool right, const Text *text) {
    if (right) return;
    grade_contrast(
        g, right_with_letters(text), "only-followed",
        "right where four letters follow the text: what is held back where a "
        "chunk ends, though its bytes decide already? Of E1 62 both are "
        "decided, the U+FFFD and the b");
    contrast_shortest(g, false);
}

// Whether it is right where the first chunk ends at such a place, in two chunks.
static bool right_in_two(const Text *text, bool between) {
    for (size_t first = 0, next; first < text->n; first = next) {
        Unit unit = unit_at((const unsigned char *)text->text + first, text->n - first,
                            MAXIMAL_SUBPART);
        next = first + (between ? unit.length : 1);
        if (first == 0) continue;
        Stream s = stream_text(text, first, text->n);
        if (!as_rule(&s, text, MAXIMAL_SUBPART)) return false;
    }
    return true;
}

// Cut, where it is right in one chunk.
static void contrast_cut(Grade *g, bool right, const Text *text) {
    bool no_empty = true;
    for (size_t size = 1; size <= text->n && !right && no_empty; size++) {
        Stream s = stream_chunks(text, size, size, false);
        no_empty = as_rule(&s, text, MAXIMAL_SUBPART);
    }
    if (right) return;
    grade_contrast(
        g, no_empty, "only-no-empty-chunk",
        "right where no chunk is empty: one of 0 bytes leaves what is held as "
        "it is");
    grade_contrast(
        g, right_in_two(text, false), "only-two-chunks",
        "right in two chunks, wrong in more: a character may come in three or "
        "four, so what is held is added to");
    grade_contrast(
        g, right_in_two(text, true), "only-between",
        "right where chunks end between characters: what is kept of one that "
        "is cut, how many bytes, and what is done with them when the next "
        "chunk comes?");
    contrast_shortest(g, true);
}

// Returns whether that is what was done.
static bool recognise_rule(Grade *g, Rule rule, const char *code,
                           const char *diagnosis) {
    bool all = true, wrong = false;
    for (int i = 0; i < BROKEN_TEXTS; i++) {
        Stream s = stream_text(&BROKEN[i], BROKEN[i].n, 1);
        all = all && as_rule(&s, &BROKEN[i], rule);
        wrong = wrong || !as_rule(&s, &BROKEN[i], MAXIMAL_SUBPART);
    }
    return grade_mistake(g, all && wrong, code, "%s", diagnosis);
}

// A row of the problem's table that was forgotten: of these bytes each is a subpart, but
// without the row they begin a character.
static void recognise_row(Grade *g) {
    static const struct {
        Text text;
        const char *code, *says;
    } rows[] = {
        {TEXT("\xC0\x80\x41"), "lead-overlong",
         "C0 and C1 begin nothing: what they would begin is overlong, one byte does"},
        {TEXT("\xF5\x80\x80\x80\x41"), "lead-too-high",
         "F5 to FF begin nothing: the last character is U+10FFFF, F4 8F BF BF"},
        {TEXT("\xE0\x80\x80\x41"), "overlong",
         "E0 is followed by A0 to BF only: less would be overlong"},
        {TEXT("\xED\xA0\x80\x41"), "surrogate",
         "ED is followed by 80 to 9F only: more would be a surrogate"},
        {TEXT("\xF0\x80\x80\x80\x41"), "overlong",
         "F0 is followed by 90 to BF only: less would be overlong"},
        {TEXT("\xF4\x90\x80\x80\x41"), "above-the-last",
         "F4 is followed by 80 to 8F only: more would be above U+10FFFF"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        Stream s = stream_text(&rows[i].text, rows[i].text.n, 1);
        // one code point for all but the last byte
        bool one = s.count == 2 && s.points[1] == 'A';
        if (grade_mistake(g, one, rows[i].code, "%s", rows[i].says)) return;
    }
}

// Each byte has given one code point, and those from 80 on none that there is: what
// becomes of bytes that are compared as signed numbers.
static bool each_byte_alone(const Stream *s, const Text *text) {
    if (s->count != text->n) return false;
    for (size_t i = 0; i < text->n; i++) {
        unsigned char byte = (unsigned char)text->text[i];
        bool none = s->points[i] < 0 || s->points[i] == REPLACEMENT;
        if (byte < 0x80 ? s->points[i] != byte : !none) return false;
    }
    return true;
}

// The right code points, but for -1, which is UTF8_BAD, where U+FFFD belongs.
static bool writes_bad(const Text *text) {
    Stream s = stream_text(text, text->n, 1);
    int bad = 0;
    for (size_t i = 0; i < s.count; i++) {
        bad += s.points[i] == UTF8_BAD;
        if (s.points[i] == UTF8_BAD) s.points[i] = REPLACEMENT;
    }
    return bad > 0 && as_rule(&s, text, MAXIMAL_SUBPART);
}

// A broken character's bytes are still held when its U+FFFD has been written.
static void recognise_held(Grade *g) {
    static const Text texts[] = {TEXT("\xC2"
                                      "b\xC3\xA9"),
                                 TEXT("b\xC3\xA9")};
    Stream after = stream_text(&texts[0], texts[0].n, 1);
    if (as_rule(&after, &texts[0], MAXIMAL_SUBPART)) return;
    grade_mistake(
        g, after.count > 0 && after.points[0] == 'b', "ascii-through",
        "an ASCII character came through while bytes were held: it breaks what "
        "they began, so their U+FFFD comes first");
    bool first = after.count > 0 && after.points[0] == REPLACEMENT;
    Stream alone = stream_text(&texts[1], texts[1].n, 1);
    grade_mistake(g, first && as_rule(&alone, &texts[1], MAXIMAL_SUBPART),
                  "held-after-broken",
                  "after the U+FFFD of a broken character its bytes are still held: "
                  "count is 0 again, and then the byte that broke it is looked at");
}

// Bytes that begin nothing.
static void recognise_lone(Grade *g) {
    static const Text alone = TEXT("\x81\x82\x41"), after = TEXT("\xF0\x81\x82\x41");
    Stream a = stream_text(&alone, alone.n, 1), b = stream_text(&after, after.n, 1);
    bool right = as_rule(&a, &alone, MAXIMAL_SUBPART);
    grade_mistake(g, a.count == 3 && a.points[0] == 0x81, "byte-for-point",
                  "a byte that begins nothing came out as itself: it is one U+FFFD");
    grade_mistake(
        g, right && b.count == 3 && b.points[0] == REPLACEMENT, "not-looked-at-again",
        "the byte that breaks a character was lost, or held as if it began one: "
        "it is looked at like any other first byte, and 81 begins nothing");
}

static void check_end(Grade *g) {
    Utf8Stream state = {0};
    int nothing[4] = {0};
    grade_mistake(g, utf8_stream_end(&state, nothing) > 0, "end-of-nothing",
                  "the end gave a code point though nothing was open: only a "
                  "character that is not complete is broken there");
    state = (Utf8Stream){0};
    int points[16] = {0}, end[4] = {0};
    size_t held = utf8_stream(&state, "\xF0\x9F\x98", 3, points),
           got = utf8_stream_end(&state, end);
    size_t again = utf8_stream_end(&state, end + 1);
    size_t next = utf8_stream(&state, "\x80", 1, points + 4);
    grade_mistake(g, held == 0 && got == 0, "end-lost",
                  "what is still open when the text ends was lost: it is one U+FFFD");
    bool good = held == 0 && got == 1 && end[0] == REPLACEMENT;
    grade_mistake(
        g, held == 0 && got == 3, "end-each-byte",
        "at the end each held byte became a U+FFFD: what is held is one subpart, "
        "and becomes one");
    grade_mistake(
        g, held == 0 && got == 1 && !good, "end-not-written",
        "at the end one code point is returned and none written: points[0] is "
        "REPLACEMENT");
    grade_expect(
        g, 1, good,
        "F0 9F 98, then the end: %zu and %zu code points, should be 0 and one U+FFFD",
        held, got);
    grade_mistake(
        g, good && again == 1, "end-not-new",
        "the end was given twice: set count to 0, so that the stream is as at "
        "the start");
    grade_expect(
        g, 1, again == 0 && next == 1 && points[4] == REPLACEMENT,
        "after its end a stream must be as new: nothing held, and 80 is U+FFFD");
}

// What was done to well-formed text in one chunk.
static void recognise_whole(Grade *g, const Stream *whole, const Text *good) {
    static const struct {
        Rule rule;
        const char *code, *says;
    } slips[] = {
        {ALL_NARROW, "all-narrow",
         "the narrower range after E0, ED, F0, F4 is the second byte's alone: later "
         "bytes "
         "are 80 to BF"},
        {SIX_BITS_LOST, "no-shift",
         "a later byte brings six bits: shift what there is by 6"},
        {LEAD_WHOLE, "lead-bits",
         "the lead byte's marks, 110, 1110, 11110, are no bits of "
         "the code point: cut them off"},
        {LATER_WHOLE, "later-bits",
         "a later byte's mark, 10, is no bits of the code point"},
    };
    bool right = as_rule(whole, good, MAXIMAL_SUBPART);
    int want[MOST_POINTS];
    size_t count = decode_text(good->text, good->n, MAXIMAL_SUBPART, true, want);
    grade_mistake(
        g, whole->count == good->n && same_ints(whole->points, count, want, count),
        "returns-n",
        "as many as bytes were returned: how many code points were written");
    grade_mistake(
        g, each_byte_alone(whole, good), "signed-char",
        "each byte from 80 on came out alone, as no character: a char is below 0 "
        "there, and fits no range. Make it an unsigned char before it is "
        "compared");
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++)
        grade_mistake(g, !right && as_rule(whole, good, slips[i].rule), slips[i].code,
                      "%s", slips[i].says);
}

// A character alone: its bytes, and what each of them may be.
typedef struct {
    char bytes[4];
    size_t n;
    int low, high;  // of the second byte
} Character;

static Character character(int lead, bool highest_second, bool highest_later) {
    Character c = {{(char)lead}, lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4, 0x80, 0xBF};
    if (lead == 0xE0) c.low = 0xA0;
    if (lead == 0xF0) c.low = 0x90;
    if (lead == 0xED) c.high = 0x9F;
    if (lead == 0xF4) c.high = 0x8F;
    c.bytes[1] = (char)(highest_second ? c.high : c.low);
    for (size_t i = 2; i < c.n; i++) c.bytes[i] = (char)(highest_later ? 0xBF : 0x80);
    return c;
}

static bool is_read(const Character *c) {
    Text text = {c->bytes, c->n};
    Stream s = stream_text(&text, c->n, 1);
    return as_rule(&s, &text, MAXIMAL_SUBPART);
}

// The first character that is not read, of all lead bytes with the ends of what may
// follow them. false: none, or all of them.
static bool refused(Character *first) {
    int count = 0, all = 0;
    for (int lead = 0xC2; lead <= 0xF4; lead++)
        for (int ends = 0; ends < 4; ends++, all++) {
            Character c = character(lead, ends & 1, ends & 2);
            if (!is_read(&c) && count++ == 0) *first = c;
        }
    return count > 0 && count < all;
}

static void recognise_refused(Grade *g, const Character *c) {
    int lead = (unsigned char)c->bytes[0];
    bool reads[4];
    for (int ends = 0; ends < 4; ends++) {
        Character one = character(lead, ends & 1, ends & 2);
        reads[ends] = is_read(&one);
    }
    bool none = !reads[0] && !reads[1] && !reads[2] && !reads[3];
    bool second = reads[0] == reads[2] && reads[1] == reads[3];
    grade_mistake(
        g, none, "lead-refused",
        "%02X begins a character of %zu bytes, the second %02X to %02X, and is not "
        "read as one",
        lead, c->n, (unsigned)c->low, (unsigned)c->high);
    grade_mistake(
        g, !none && second, "second-refused",
        "%02X is followed by %02X to %02X, both of them too: %02X was refused", lead,
        (unsigned)c->low, (unsigned)c->high, (unsigned char)c->bytes[1]);
    grade_mistake(g, !none && !second, "later-refused",
                  "a later byte is 80 to BF, both of them too: %02X was refused",
                  (unsigned char)c->bytes[2]);
}

// One character is read, but not the next one.
static bool next_is_lost(void) {
    static const Text two = TEXT("\xC3\xA9\xC3\xA9");
    Stream s = stream_text(&two, two.n, 1);
    return s.count > 0 && s.points[0] == 0xE9 && (s.count == 1 || s.points[1] != 0xE9);
}

// Where code points were written, and where the chunk ended.
static void recognise_places(Grade *g) {
    static const Text two = TEXT("a\xC3\xA9"), zero = TEXT("a\0b");
    Stream s = stream_text(&two, two.n, 1);
    grade_mistake(
        g, s.count == 2 && s.points[1] != 0xE9 && s.points[2] == 0xE9, "point-at-byte",
        "a code point was written at the place of its byte: points[] has them "
        "one after another");
    Stream z = stream_text(&zero, zero.n, 1);
    grade_mistake(g, z.count < 3 && z.points[0] == 'a' && z.points[2] != 'b',
                  "zero-ends",
                  "a byte 0 ended the chunk, or was passed over: it is the code point "
                  "U+0000, and n says where the chunk ends");
}

static void check_characters(Grade *g) {
    const Text *good = &WELL_FORMED;
    Stream whole = stream_text(good, good->n, 1);
    bool right = as_rule(&whole, good, MAXIMAL_SUBPART);
    recognise_whole(g, &whole, good);
    if (!right) recognise_places(g);
    grade_mistake(g, next_is_lost(), "held-after-character",
                  "one character alone is read, but not the next one: when a character "
                  "is complete nothing is held any more, so count is 0 again");
    Character c = {0};
    if (!refused(&c)) {
        expect_points(g, 3, "in one chunk, well-formed text", 0, &whole, good);
        contrast_whole(g, right, good);
        return;
    }
    recognise_refused(g, &c);
    Text text = {c.bytes, c.n};
    Stream one = stream_text(&text, c.n, 1);
    if (right) expect_points(g, 3, "a character alone, text", 0, &one, &text);
    else expect_points(g, 3, "in one chunk, well-formed text", 0, &whole, good);
    contrast_whole(g, right, good);
}

static void check_well_formed(Grade *g) {
    const Text *good = &WELL_FORMED;
    check_characters(g);

    Stream cut = worst_cut(good);
    bool bad = !as_rule(&cut, good, MAXIMAL_SUBPART);
    Utf8Stream state = {0};
    int euro[8] = {0};
    size_t first = utf8_stream(&state, "\xE2\x82", 2, euro);
    size_t second = utf8_stream(&state, "\xAC", 1, euro + (first < 4 ? first : 4));
    grade_mistake(g, bad && first > 0 && euro[0] == REPLACEMENT, "cut-replaced",
                  "the cut character was replaced too early: its other bytes come with "
                  "the next chunk");
    Utf8Stream fresh = {0};
    int letter[4] = {0};
    grade_mistake(g, bad && utf8_stream(&fresh, "a", 1, letter) == 0, "one-late",
                  "the letter a alone gave nothing: a character is written with its "
                  "own last byte, not with the one after it");
    grade_mistake(
        g, bad && first == 0 && !(second == 1 && euro[0] == 0x20AC), "cut-lost",
        "the bytes before a cut were lost: carry them over in the Utf8Stream");
    expect_points(g, 3, "cut, well-formed text", 0, &cut, good);
    contrast_cut(g, !bad, good);
}

static void expect_in_time(Grade *g) {
    bool late = false;
    for (int i = 0; i < BROKEN_TEXTS; i++) {
        Stream s = stream_text(&BROKEN[i], 1, 1);
        late |= s.late;
    }
    grade_expect(
        g, 2, !late,
        "a code point came a chunk late: write it with the byte that decides it");
    Stream well = stream_text(&WELL_FORMED, 1, 1);
    grade_contrast(
        g, late && !well.late, "only-well-formed",
        "right where all is well-formed: of E1 62 both, the U+FFFD and the b, "
        "are decided by the 62, and of 80 alone its U+FFFD by itself");
}

static void check_broken(Grade *g) {
    bool known = false;
    known |= recognise_rule(
        g, EACH_BYTE, "each-byte",
        "each byte of a broken character was replaced: F1 80 80 before 'b' "
        "is one U+FFFD");
    known |= recognise_rule(
        g, ONE_A_RUN, "one-per-run",
        "a run of broken bytes became one U+FFFD: each maximal subpart has its own");
    known |= recognise_rule(
        g, SWALLOWED, "swallowed",
        "the byte that cannot follow was swallowed: it begins anew (C2 62 "
        "is U+FFFD b)");
    known |=
        recognise_rule(g, DROPPED, "dropped",
                       "broken bytes give nothing: each maximal subpart is one U+FFFD");
    known |= recognise_rule(
        g, LONE_DROPPED, "lone-dropped",
        "a byte that begins nothing, 80 or FF, was passed over: it is one U+FFFD");
    known |= recognise_rule(
        g, ANY_SECOND, "any-second-byte",
        "E0 80, ED A0, F0 81 or F4 91 taken as one subpart: no character begins so");
    bool bad = false;
    for (int i = 0; i < BROKEN_TEXTS; i++) bad |= writes_bad(&BROKEN[i]);
    grade_mistake(g, bad, "bad-written",
                  "utf8_decode's UTF8_BAD, -1, was written as if it were a code point: "
                  "what is no character is REPLACEMENT");
    if (!known) recognise_held(g);
    if (!known) recognise_lone(g);
    if (!known) recognise_row(g);
    Stream s;
    int wrong = first_wrong(false, &s);
    bool right = as_rule(&s, &BROKEN[wrong], MAXIMAL_SUBPART);
    expect_points(g, 3, "broken text", wrong, &s, &BROKEN[wrong]);
    contrast_whole(g, right, &BROKEN[wrong]);
    wrong = first_wrong(true, &s);
    right = as_rule(&s, &BROKEN[wrong], MAXIMAL_SUBPART);
    expect_points(g, 2, "cut, broken text", wrong, &s, &BROKEN[wrong]);
    contrast_cut(g, right, &BROKEN[wrong]);
    expect_in_time(g);
}

void check_stream(Grade *g) {
    grade_part(g, check_well_formed(g));
    grade_part(g, check_end(g));
    grade_part(g, check_broken(g));
}
