// Problem 5: byte fallback.
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "ch01_tokenizer/homework/grade.h"
#include "ch01_tokenizer/utf8.h"

// a b / e-acute, the mark, two CJK characters, a face.
static const int POINTS[] = {'/', 'a', 'b', 0xE9, SPACE_MARK, 0x4E2D, 0x6587, 0x1F600};
static PointVocabulary vocabulary;  // POINTS, with their end watched
static const PointVocabulary NO_POINTS = {NULL, 0};
enum { SLASH = FIRST_POINT, LETTER_A, LETTER_B, E_ACUTE, MARK, ZHONG, WEN, FACE };
#define BYTE(n) (FIRST_BYTE + (n))

// More than there is room for by the contract, so that it can be said how many were
// written.
enum { LONGEST = 64, ROOM = 4 * LONGEST };
typedef struct {
    int tokens[ROOM];
    size_t count;
} Tokens;

static Tokens fallback_of(const PointVocabulary *v, const char *text, size_t n) {
    Tokens t = {{0}, 0};
    assert(n <= LONGEST);
    size_t count = fallback_encode(v, grade_guarded("text", text, n), n, t.tokens);
    t.count = count <= ROOM ? count : ROOM;
    return t;
}

static bool comes_back(const PointVocabulary *v, const char *text, size_t n) {
    char back[4 * LONGEST];
    Tokens t = fallback_of(v, text, n);
    if (t.count > n) return false;
    for (size_t i = 0; i < t.count; i++)  // a decoder may rely on it
        if (t.tokens[i] < 0 || t.tokens[i] >= FIRST_POINT + v->count) return false;
    size_t size = fallback_decode(v, t.tokens, t.count, back);
    return size == n && memcmp(back, text, n) == 0;
}

typedef struct {
    Text text;
    int tokens[12], count;
    const char *what;
} FallbackCase;

static const FallbackCase CASES[] = {
    {TEXT("ab\xC3\xA9\xE4\xB8\xAD\xE6\x96\x87\xF0\x9F\x98\x80"),
     {LETTER_A, LETTER_B, E_ACUTE, ZHONG, WEN, FACE},
     6,
     "characters of the vocabulary"},
    {TEXT("z\xE2\x82\xAC"),
     {BYTE('z'), BYTE(0xE2), BYTE(0x82), BYTE(0xAC)},
     4,
     "z and the euro sign"},
    {TEXT("\xE4\xB8/\xE9\xE4"),
     {BYTE(0xE4), BYTE(0xB8), SLASH, BYTE(0xE9), BYTE(0xE4)},
     5,
     "cut bytes"},
    {TEXT("\xFF"
          "a\xE4"
          "b\x80/"),
     {BYTE(0xFF), LETTER_A, BYTE(0xE4), LETTER_B, BYTE(0x80), SLASH},
     6,
     "broken bytes and a letter"},
    {TEXT("\xC0\xAF\xE0\x81\xA1"),
     {BYTE(0xC0), BYTE(0xAF), BYTE(0xE0), BYTE(0x81), BYTE(0xA1)},
     5,
     "overlong forms"},
    {TEXT("a\0\xED\xA0\x80"),
     {LETTER_A, BYTE(0), BYTE(0xED), BYTE(0xA0), BYTE(0x80)},
     5,
     "0, a surrogate"},
    {TEXT("a b"), {LETTER_A, MARK, LETTER_B}, 3, "a space"},
    {TEXT("\xE2\x96\x81"),
     {BYTE(0xE2), BYTE(0x96), BYTE(0x81)},
     3,
     "the text's own U+2581"},
};
enum { FALLBACK_CASES = sizeof CASES / sizeof *CASES, MARK_CASES = 2 };

// ---- The simplest texts that are wrong

static const Text PIECES[] = {TEXT("a"),
                              TEXT("/"),
                              TEXT("\xC3\xA9"),
                              TEXT("\xE4\xB8\xAD"),
                              TEXT("z"),
                              TEXT("\xF0\x9F\x98\x80"),
                              TEXT("\xE2\x82\xAC"),
                              TEXT(" "),
                              TEXT("\xE2\x96\x81"),
                              TEXT("\xFF"),
                              TEXT("\xE4"),
                              TEXT("\xC0\xAF"),
                              TEXT("\xED\xA0\x80"),
                              TEXT("\0"),
                              TEXT("\xFE"),
                              TEXT("\xF0\x9F\x98\x81")};
enum { PIECE_COUNT = sizeof PIECES / sizeof *PIECES };

// By the definition.
static bool encodes(const PointVocabulary *v, const char *text, size_t n) {
    int want[LONGEST], length;
    size_t count = 0;
    for (size_t i = 0; i < n; i += (size_t)length) {
        int point = utf8_decode(text + i, n - i, &length), place = v->count;
        int sought = point == ' ' ? SPACE_MARK : point;
        for (int k = 0; k < v->count && point != SPACE_MARK; k++)
            if (v->points[k] == sought) place = k;
        if (place < v->count) want[count++] = FIRST_POINT + place;
        for (int b = 0; b < length && place == v->count; b++)
            want[count++] = BYTE((unsigned char)text[i + (size_t)b]);
    }
    Tokens t = fallback_of(v, text, n);
    return same_ints(t.tokens, t.count, want, count);
}

static const char *in_hex(char *to, const Text *text) {
    to[0] = '\0';
    for (size_t i = 0; i < text->n; i++)
        sprintf(to + strlen(to), "%s%02X", i ? " " : "", (unsigned char)text->text[i]);
    return to;
}

// Names the first piece, or else the first two, that are not as `good` asks.
static void contrast_pieces(Grade *g, bool right, const PointVocabulary *v,
                            bool (*good)(const PointVocabulary *, const char *,
                                         size_t)) {
    char text[16], one[40], two[40];
    for (int i = 0; i < PIECE_COUNT && !right; i++)
        if (!good(v, PIECES[i].text, PIECES[i].n)) {
            grade_contrast(
                g, i > 0, "only-other-texts",
                "right where the text is another one, wrong is %s alone, with "
                "%d characters in the vocabulary: what is special about it?",
                in_hex(one, &PIECES[i]), v->count);
            return;
        }
    for (int i = 0; i < PIECE_COUNT * PIECE_COUNT && !right; i++) {
        const Text *a = &PIECES[i / PIECE_COUNT], *b = &PIECES[i % PIECE_COUNT];
        memcpy(text, a->text, a->n), memcpy(text + a->n, b->text, b->n);
        if (good(v, text, a->n + b->n)) continue;
        grade_contrast(
            g, true, "only-alone",
            "right where %s and %s are alone, wrong where the second follows "
            "the first: how far does the loop go on, and what is left over?",
            in_hex(one, a), in_hex(two, b));
        return;
    }
}

// A step: the cases from `first` on.
static void expect_cases(Grade *g, int points, int first, int count) {
    for (int i = first;; i++) {
        const FallbackCase *c = &CASES[i];
        Tokens t = fallback_of(&vocabulary, c->text.text, c->text.n);
        bool last = i == first + count - 1;
        if (!last && same_ints(t.tokens, t.count, c->tokens, (size_t)c->count))
            continue;
        char what[80];
        snprintf(what, sizeof what, "encoding %s: the tokens", c->what);
        bool right = grade_equal_ints(g, points, what, t.tokens, (int)t.count,
                                      c->tokens, c->count);
        contrast_pieces(g, right, &vocabulary, encodes);
        return;
    }
}

// How many bytes of the text were taken at a time.
static void recognise_lengths(Grade *g, const Tokens *face, bool inside) {
    Tokens broken = fallback_of(&vocabulary, "\xFF/\xE4", 3),
           behind = fallback_of(&vocabulary,
                                "\xFF"
                                "a",
                                2);
    grade_mistake(
        g, broken.count == 1 && broken.tokens[0] == SLASH, "broken-lost",
        "broken bytes are lost: bytes are taken from the text, since a code point "
        "that there is not has none");
    Tokens alone = fallback_of(&vocabulary, "\xFF", 1);
    grade_mistake(
        g, alone.count == 1 && alone.tokens[0] == UNK, "broken-unknown",
        "a broken byte became <unk>: every byte has a token, FIRST_BYTE + the "
        "byte");
    grade_mistake(g, inside && behind.count == 2 && behind.tokens[1] == BYTE('a'),
                  "broken-too-long",
                  "FF was taken for more than one byte: a broken byte is one, and what "
                  "follows it is looked at anew (utf8_decode's length says 1)");
    grade_mistake(g, face->count == 4 && face->tokens[0] == FACE, "bytes-again",
                  "a character's other bytes came once more, as bytes: go on after the "
                  "whole character, by the length that utf8_decode says");
}

// What was written for a letter of the vocabulary.
static void recognise_token(Grade *g, int first) {
    grade_mistake(
        g, first == 1, "index-for-token",
        "the place in the vocabulary was written: its token is FIRST_POINT more");
    grade_mistake(
        g, first == 'a', "point-for-token",
        "the code point was written: its token is FIRST_POINT + its place in the "
        "vocabulary");
    grade_mistake(
        g, first == BYTE('a'), "byte-for-character",
        "a letter of the vocabulary became its byte: its token is FIRST_POINT "
        "+ its place there");
    grade_mistake(g, first == FIRST_POINT + 'a', "point-for-token",
                  "FIRST_POINT + the code point: + its place in the vocabulary");
    grade_mistake(g, first == LETTER_A + 1 || first == LETTER_A - 1, "token-one-off",
                  "the token is one off: points[i] is token FIRST_POINT + i");
}

// What was written for the bytes of the euro sign, after a z.
static void recognise_bytes(Grade *g, const Tokens *euro) {
    bool bytes = euro->count == 4;
    static const int turned[] = {BYTE('z'), BYTE(0xAC), BYTE(0x82), BYTE(0xE2)};
    grade_mistake(g, same_ints(euro->tokens, euro->count, turned, 4), "bytes-turned",
                  "a character's bytes in reverse: as they are in the text");
    grade_mistake(g, euro->count == 2 && euro->tokens[1] == BYTE(0xE2), "one-byte",
                  "of a character that is not in the vocabulary one byte was written: "
                  "all of its bytes");
    grade_mistake(g, euro->count > 0 && euro->tokens[0] >= FIRST_POINT,
                  "other-character",
                  "a z, which the vocabulary lacks, got the token of another "
                  "character: a search ends somewhere, so compare what is there");
    grade_mistake(
        g, bytes && euro->tokens[1] == 0xE2, "byte-no-offset",
        "the bytes themselves were written: the token of a byte is FIRST_BYTE "
        "more");
    grade_mistake(g, bytes && euro->tokens[1] == BYTE(0xE2 - 256), "signed-char",
                  "a char may be negative: make it an unsigned char before you add "
                  "FIRST_BYTE");
    grade_mistake(
        g, bytes && euro->tokens[1] == BYTE(0xE2) && euro->tokens[2] == BYTE(0xE2),
        "first-byte-again",
        "the character's first byte was written for all of its bytes");
}

// The place of the first character of the vocabulary that became bytes; -1: none.
static int not_found(void) {
    char text[8];
    for (int place = 0; place < vocabulary.count; place++) {
        size_t n = (size_t)utf8_encode(text, POINTS[place]);
        Tokens t = fallback_of(&vocabulary, text, n);
        bool bytes = t.count == n && t.tokens[0] == BYTE((unsigned char)text[0]);
        if (POINTS[place] != SPACE_MARK && bytes) return place;
    }
    return -1;
}

static void check_fallback_characters(Grade *g) {
    Tokens euro = fallback_of(&vocabulary, "z\xE2\x82\xAC", 4);
    Tokens overlong = fallback_of(&vocabulary, "\xC0\xAF", 2);
    grade_mistake(g, holds(euro.tokens, euro.count, UNK), "unknown",
                  "an unknown character became <unk>: fall back to its bytes");
    grade_mistake(g, overlong.count == 1 && overlong.tokens[0] == SLASH, "overlong",
                  "C0 AF was read as '/': an overlong form is broken bytes, and would "
                  "not come back");
    Tokens face = fallback_of(&vocabulary, "\xF0\x9F\x98\x80", 4),
           slash = fallback_of(&vocabulary, "/", 1),
           letter = fallback_of(&vocabulary, "a", 1);
    recognise_bytes(g, &euro);
    bool inside = letter.count == 1 && letter.tokens[0] == LETTER_A;
    recognise_lengths(g, &face, inside);
    recognise_token(g, letter.count == 1 ? letter.tokens[0] : -1);
    bool face_found = holds(face.tokens, face.count, FACE);
    bool slash_found = holds(slash.tokens, slash.count, SLASH);
    grade_mistake(g, inside && (!face_found || !slash_found), "search-end",
                  "the %s character of the vocabulary was not found: the search %s",
                  !face_found ? "last" : "first",
                  !face_found ? "ends one too early" : "leaves out place 0");
    int missing = inside ? not_found() : -1;
    grade_mistake(
        g, missing >= 0, "search-misses",
        "U+%04X, place %d of the %d in the vocabulary, became its bytes, while "
        "others are found: which places does the search never look at, or which "
        "characters are never sought?",
        missing < 0 ? 0 : (unsigned)POINTS[missing], missing, vocabulary.count);
    Tokens behind = fallback_of(&vocabulary, "\0a", 2);
    grade_mistake(g, behind.count < 2, "zero-ends",
                  "a byte 0 ended the text: it is a byte like any other, n says where "
                  "the text ends");
    expect_cases(g, 2, 0, FALLBACK_CASES - MARK_CASES);
}

static void check_fallback_marks(Grade *g) {
    Tokens mark = fallback_of(&vocabulary, "\xE2\x96\x81", 3);
    Tokens space = fallback_of(&vocabulary, " ", 1);
    grade_mistake(g, mark.count == 1 && mark.tokens[0] == MARK, "same-mark",
                  "the text's own U+2581 and the space became the same token: one of "
                  "them is lost");
    grade_mistake(
        g, space.count == 1 && space.tokens[0] == BYTE(' '), "space-as-byte",
        "a space became its byte: it is written as U+2581, which has a token");
    grade_mistake(g, mark.count == 0, "mark-lost",
                  "the text's own U+2581 is lost: it becomes its three bytes");
    expect_cases(g, 2, FALLBACK_CASES - MARK_CASES, MARK_CASES);
}

static void check_fallback_empty(Grade *g) {
    Tokens bare = fallback_of(&NO_POINTS, "a \xC3\xA9", 4);
    static const int want[] = {BYTE('a'), BYTE(' '), BYTE(0xC3), BYTE(0xA9)};
    grade_mistake(
        g, bare.count == 6 && bare.tokens[1] == BYTE(0xE2), "space-as-mark-bytes",
        "where the vocabulary has no U+2581, a space is its own byte, 20: the "
        "bytes E2 96 81 would come back as a U+2581");
    grade_mistake(
        g, holds(bare.tokens, bare.count, FIRST_POINT - 1), "not-found-used",
        "where the vocabulary has no U+2581 the search's answer, -1, was used "
        "as a place: then a space is its byte");
    bool right = grade_equal_ints(g, 1, "encoding with an empty vocabulary",
                                  bare.tokens, (int)bare.count, want, 4);
    contrast_pieces(g, right, &NO_POINTS, encodes);
}

// Which tokens were taken for which kind.
static void recognise_kinds(Grade *g, const char *a, size_t a_size, const char *b,
                            size_t b_size) {
    grade_mistake(
        g, a_size == 5 && memcmp(a, "\xE2\x82\xAC\x2D ", 5) == 0, "point-as-byte",
        "a code point was written as one byte: utf8_encode writes all of them");
    grade_mistake(
        g, a_size == 5 && memcmp(a, "\xE2\x82\xAC\xE4 ", 5) == 0, "bytes-overwritten",
        "of a character's bytes the first alone is left: the text grows by as "
        "many bytes as utf8_encode says");
    grade_mistake(g,
                  a_size > 7 && a_size <= 60
                      && memcmp(a + 1, "\xE2\x82\xAC\xE4\xB8\xAD ", 7) == 0,
                  "specials-not-skipped",
                  "<s> stands for no bytes: <unk>, <s> and </s> are skipped");
    grade_mistake(g, a_size > 7 && (unsigned char)a[0] == 0xFE, "specials-not-skipped",
                  "<s> stands for no bytes: <unk>, <s> and </s> are skipped");
    grade_mistake(g, a_size == 7 && (unsigned char)a[0] == 0xE5, "byte-offset-kept",
                  "a byte's token was written as it is: the byte is FIRST_BYTE less");
    grade_mistake(
        g,
        b_size == 8 && memcmp(b, "a\xE2\x82\xF0\x9F\x98\x80", 7) == 0 && b[7] != '\xFF',
        "last-bytes",
        "<0xFD> to <0xFF> were taken for characters: bytes are the tokens from "
        "FIRST_BYTE up to FIRST_POINT, not up to 256");
    bool places = a_size >= 5 && memcmp(a, "\xE2\x82\xAC\x05\x04", 5) == 0;
    grade_mistake(
        g, places, "index-for-point",
        "a token's place in the vocabulary was written as a character: points[] "
        "has the code point");
}

// Where bytes begin and a text ends. False where that is wrong, and a step says so.
static bool good_ends(Grade *g) {
    static const int faces[] = {FACE, FACE}, slash[] = {SLASH};
    char room[9], one[8] = "?";
    memset(room, '?', sizeof room);
    size_t size = fallback_decode(&vocabulary, faces, 2, room),
           slash_size = fallback_decode(&vocabulary, slash, 1, one);
    bool more = size == 8 && room[8] != '?', byte = slash_size == 1 && one[0] == '\0';
    grade_mistake(
        g, more, "ends-with-zero",
        "a text is no string of C and has no 0 at its end: nothing is written "
        "after its last byte");
    grade_mistake(g, byte, "first-point",
                  "token FIRST_POINT was taken for a byte: bytes are the tokens below "
                  "it, it is the first character of the vocabulary");
    if (more)
        grade_expect(g, 1, false,
                     "two tokens of four bytes each: byte 8 was written, %d", room[8]);
    else if (byte) grade_expect(g, 1, false, "decoding a '/': byte 0 is %d", one[0]);
    return !more && !byte;
}

static size_t decoded(int token, char *text) {
    if (token < FIRST_BYTE) return 0;
    if (token < FIRST_POINT) {
        text[0] = (char)(token - FIRST_BYTE);
        return 1;
    }
    int point = POINTS[token - FIRST_POINT];
    return (size_t)utf8_encode(text, point == SPACE_MARK ? ' ' : point);
}

// Names the first token that is decoded wrongly, or says that each alone is right.
static void contrast_decoded(Grade *g, bool right) {
    char want[8], got[64];
    for (int token = 0; token < FIRST_POINT + vocabulary.count && !right; token++) {
        size_t n = decoded(token, want),
               size = fallback_decode(&vocabulary, &token, 1, got);
        if (size == n && memcmp(got, want, n) == 0) continue;
        char is[40] = "";
        if (token >= FIRST_POINT)
            sprintf(is, ", U+%04X,", (unsigned)POINTS[token - FIRST_POINT]);
        grade_contrast(
            g, token > 0, "only-other-tokens",
            "right where tokens are below %d, wrong is this one%s alone: which "
            "kind is it, where does that kind begin, and what is special "
            "about it?",
            token, is);
        return;
    }
    grade_contrast(g, !right, "only-alone",
                   "right where a token is alone: where does the text of the next one "
                   "begin, and what is left over from the one before?");
}

static void check_fallback_decode(Grade *g) {
    static const int euro[] = {1,     BYTE(0xE2), BYTE(0x82), BYTE(0xAC),
                               ZHONG, MARK,       2,          UNK};
    static const int cut[] = {LETTER_A, BYTE(0xE2), BYTE(0x82), FACE, BYTE(0xFF)};
    static const int mark[] = {MARK, BYTE(0xE2), BYTE(0x96), BYTE(0x81)};
    char a[64], b[64], c[64];
    size_t a_size = fallback_decode(&vocabulary, euro, 8, a);
    size_t b_size = fallback_decode(&vocabulary, cut, 5, b);
    size_t c_size = fallback_decode(&vocabulary, mark, 4, c);
    grade_mistake(g, a_size >= 6 && memcmp(a, "\xC3\xA2\xC2\x82\xC2\xAC", 6) == 0,
                  "byte-as-character",
                  "each byte token was decoded as a character of its own: <0xE2> is a "
                  "byte, not U+00E2");
    grade_mistake(g, memmem(b, b_size < 64 ? b_size : 0, "\xEF\xBF\xBD", 3) != NULL,
                  "replaced",
                  "a broken sequence was replaced by U+FFFD: decoding loses nothing");
    grade_mistake(
        g, c_size == 2 && memcmp(c, "  ", 2) == 0, "mark-to-space",
        "the bytes E2 96 81 came back as a space: only the *token* of U+2581 is one");
    grade_mistake(g, c_size == 6 && memcmp(c, "\xE2\x96\x81\xE2\x96\x81", 6) == 0,
                  "mark-stays",
                  "the token of U+2581 came back as U+2581: it is how a space is "
                  "written");
    recognise_kinds(g, a, a_size, b, b_size);
    grade_mistake(g, a_size == 8 && memcmp(a, "\xE2\x82\xAC\xE4\xB8\xAD ", 7) == 0,
                  "returns-n",
                  "as many bytes as there were tokens: how many bytes were written");
    bool right =
        grade_equal_bytes(g, 2, "decoding <s> E2 82 AC U+4E2D U+2581 </s> <unk>", a,
                          a_size, "\xE2\x82\xAC\xE4\xB8\xAD ", 7);
    contrast_decoded(g, right);
    right = grade_equal_bytes(g, 1, "decoding a E2 82 U+1F600 FF", b, b_size,
                              "a\xE2\x82\xF0\x9F\x98\x80\xFF", 8);
    contrast_decoded(g, right);
    if (good_ends(g))
        grade_equal_bytes(g, 1, "decoding U+2581 E2 96 81", c, c_size, " \xE2\x96\x81",
                          4);
}

static void check_two_bytes(Grade *g) {
    static const int ends[] = {BYTE(0), BYTE(255)};
    char back[8] = {0};
    size_t size = fallback_decode(&vocabulary, ends, 2, back);
    grade_mistake(g, size == 1 && back[0] == '\xFF', "byte-zero",
                  "<0x00> stands for a byte like any other: FIRST_BYTE is its token");
    int lost = 0;
    for (int pair = 0; pair < 65536; pair++) {
        char text[2] = {(char)(pair >> 8), (char)pair};
        lost += !comes_back(&vocabulary, text, 2);
    }
    grade_expect(g, 3, lost == 0,
                 "of the 65536 texts of two bytes, %d do not come back", lost);
    contrast_pieces(g, lost == 0, &vocabulary, comes_back);
}

static void check_random_texts(Grade *g) {
    static const char likely[] =
        "ab/ \xE4\xB8\xAD\xE2\x96\x81\xF0\x9F\x98\x80\xC3\xA9\xED\xA0\xC0\xFF";
    Rng rng = rng_new(51);
    int lost = 0;
    for (int i = 0; i < 20000; i++) {
        char text[24];
        size_t n = (size_t)rng_below(&rng, sizeof text);
        for (size_t k = 0; k < n; k++) text[k] = likely[rng_below(&rng, sizeof likely)];
        lost += !comes_back(&vocabulary, text, n) || !comes_back(&NO_POINTS, text, n);
    }
    grade_expect(g, 3, lost == 0, "of 20000 random texts, %d do not come back", lost);
    contrast_pieces(g, lost == 0, &vocabulary, comes_back);
    contrast_pieces(g, lost == 0, &NO_POINTS, comes_back);
}

void check_fallback(Grade *g) {
    vocabulary = (PointVocabulary){grade_guarded("points", POINTS, sizeof POINTS),
                                   sizeof POINTS / sizeof *POINTS};
    grade_part(g, check_fallback_characters(g));
    grade_part(g, check_fallback_marks(g));
    grade_part(g, check_fallback_empty(g));
    grade_part(g, check_fallback_decode(g));
    grade_part(g, check_two_bytes(g));
    grade_part(g, check_random_texts(g));
}
