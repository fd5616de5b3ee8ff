// The named patterns, split by hand, against PCRE2, which compiles what they stand for.
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/char_class.h"
#include "ch01_tokenizer/pattern.h"
#include "ch01_tokenizer/utf8.h"
#include "common/error.h"
#include "common/numeric/rng.h"
#include "common/program/file.h"

static const char *const patterns[] = {"gpt2", "cl100k", "o200k"};
enum { PATTERNS = sizeof patterns / sizeof *patterns };

// One pattern, both ways.
typedef struct {
    const char *name;
    Pattern *hand_pattern, *engine_pattern;
    Splitter hand, engine;
} Both;

static Both both_new(const char *name) {
    Error err;
    Both b = {.name = name,
              .hand_pattern = pattern_new(name, &err),
              .engine_pattern = pattern_new(pattern_expression(name), &err)};
    cr_assert(b.hand_pattern && b.engine_pattern, "%s", err.text);
    b.hand = splitter_new(b.hand_pattern), b.engine = splitter_new(b.engine_pattern);
    cr_assert(b.hand.text.rule != SPLIT_ENGINE && b.engine.text.rule == SPLIT_ENGINE);
    return b;
}

static void both_free(Both *b) {
    splitter_free(&b->hand), splitter_free(&b->engine);
    pattern_free(b->hand_pattern), pattern_free(b->engine_pattern);
}

// The text around a place, for a message.
static const char *around(const char *text, size_t n, size_t at) {
    static char shown[256];
    size_t from = at > 10 ? at - 10 : 0, to = at + 20 < n ? at + 20 : n;
    char *out = shown;
    for (size_t i = from; i < to; i++)
        out += sprintf(out, "%s%02x", i == at ? " | " : " ", (unsigned char)text[i]);
    return shown;
}

// Piece by piece, and as many at once as come.
static void check_same(Both *b, const char *text, size_t n) {
    Error err;
    size_t ends[SPLIT_WINDOW], count = 0, next = 0;
    splitter_start(&b->hand, text, n), splitter_start(&b->engine, text, n);
    for (size_t at = 0, end; at < n; at = end) {
        end = splitter_next(&b->engine, at, &err);
        size_t hand = splitter_next(&b->hand, at, &err);
        cr_assert_eq(hand, end, "%s: a piece of %zu bytes, not %zu, at%s", b->name,
                     hand - at, end - at, around(text, n, at));
        if (next == count) count = splitter_ends(&b->hand, at, ends, &err), next = 0;
        size_t in_window = ends[next++];
        cr_assert_eq(in_window, end, "%s: %zu, not %zu, in a window before%s", b->name,
                     in_window, end, around(text, n, at));
    }
}

// One character of every kind that a pattern tells apart, and the letters of the
// contractions.
static const char *const kinds[] = {"'",
                                    "s",
                                    "E",
                                    "l",
                                    "r",
                                    "V",
                                    " ",
                                    "\n",
                                    "\t",
                                    "\r",
                                    "/",
                                    "!",
                                    "7",
                                    "x",
                                    "Q",
                                    "é",
                                    "É",
                                    "ǅ",
                                    "ʰ",
                                    "今",
                                    "ſ",
                                    "½",
                                    "\xcc\x81" /* a mark */,
                                    "\xc2\xa0",
                                    "\xe2\x80\x9c"};
enum { KINDS = sizeof kinds / sizeof *kinds, ASCII_KINDS = 15 };

// Every text of four kinds: what comes first, what follows, and what follows that. The
// same with so much behind it that a window fits.
Test(split, every_short_text) {
    for (int p = 0; p < PATTERNS; p++) {
        Both b = both_new(patterns[p]);
        for (int number = 0; number < KINDS * KINDS * KINDS * KINDS; number++) {
            char text[32 + SPLIT_WINDOW] = "";
            for (int i = 0, rest = number; i < 4; i++, rest /= KINDS)
                strcat(text, kinds[rest % KINDS]);
            check_same(&b, text, strlen(text));
            memset(text + strlen(text), 'x', SPLIT_WINDOW);
            check_same(&b, text, strlen(text));
        }
        both_free(&b);
    }
}

// Texts of kinds at random, long enough for words, runs and triples of every length.
static size_t random_kinds(Rng *rng, char *text, size_t n, int among) {
    size_t size = 0;
    while (size + 64 < n) {
        const char *kind = kinds[rng_below(rng, among)];
        int repeats = rng_below(rng, 4) ? 1 : 1 + rng_below(rng, 9);
        for (int i = 0; i < repeats; i++) {
            memcpy(text + size, kind, strlen(kind));
            size += strlen(kind);
        }
    }
    return size;
}

Test(split, random_texts) {
    enum { N = 1 << 20 };
    char *text = malloc(N);
    Rng rng = rng_new(1);
    for (int p = 0; p < PATTERNS; p++) {
        Both b = both_new(patterns[p]);
        for (int round = 0; round < 4; round++)
            check_same(&b, text,
                       random_kinds(&rng, text, N, round % 2 ? KINDS : ASCII_KINDS));
        both_free(&b);
    }
    free(text);
}

// A long run, with BITS=full in the environment: a gigabyte of random text, and what real
// text `make data` has fetched.
Test(split, a_gigabyte) {
    const char *bits = getenv("BITS");
    if (!bits || strcmp(bits, "full") != 0) cr_skip("BITS=full runs it");
    enum { N = 1 << 24, ROUNDS = 20 };
    static const char *const files[] = {"data/english.txt", "data/chinese.txt",
                                        "data/source.txt"};
    char *random = malloc(N);
    Rng rng = rng_new(4);
    size_t total = 0;
    for (int p = 0; p < PATTERNS; p++) {
        Both b = both_new(patterns[p]);
        for (int round = 0; round < ROUNDS; round++) {
            size_t n = random_kinds(&rng, random, N, round % 2 ? KINDS : ASCII_KINDS);
            check_same(&b, random, n);
            total += n;
        }
        for (int f = 0; f < 3; f++) {
            Bytes text;
            if (!file_read(&text, files[f], NULL)) continue;
            size_t n = utf8_valid_prefix(text.data, text.size);
            check_same(&b, text.data, n);
            total += n;
            bytes_free(&text);
        }
        both_free(&b);
    }
    printf("%zu bytes, the same pieces\n", total);
    cr_assert_gt(total, (size_t)PATTERNS * ROUNDS * (N - 64) - 1);
    free(random);
}

// Windows see ASCII only: all of it, each after and before every kind.
Test(split, every_ascii_character) {
    enum { N = 128 * ASCII_KINDS * ASCII_KINDS * 3 };
    char *text = malloc(N + SPLIT_WINDOW);
    size_t n = 0;
    for (int c = 0; c < 128; c++)
        for (int pair = 0; pair < ASCII_KINDS * ASCII_KINDS; pair++) {
            text[n++] = kinds[pair % ASCII_KINDS][0];
            text[n++] = (char)c;
            text[n++] = kinds[pair / ASCII_KINDS][0];
        }
    memset(text + n, 'x', SPLIT_WINDOW);
    for (int p = 0; p < PATTERNS; p++) {
        Both b = both_new(patterns[p]);
        check_same(&b, text, n + SPLIT_WINDOW);
        both_free(&b);
    }
    free(text);
}

// Every code point there is, between neighbours drawn at random: its class, and what it
// is beside letters, digits, apostrophes and blanks.
Test(split, every_code_point) {
    enum { CHUNK = 1 << 16, LONGEST = 2 * (4 + 4 + 4) };
    char *text = malloc(CHUNK * LONGEST);
    Rng rng = rng_new(2);
    for (int p = 0; p < PATTERNS; p++) {
        Both b = both_new(patterns[p]);
        for (int first = 0; first < CODE_POINTS; first += CHUNK) {
            size_t n = 0;
            for (int point = first; point < first + CHUNK; point++) {
                n += (size_t)sprintf(text + n, "%s", kinds[rng_below(&rng, KINDS)]);
                int length = utf8_encode(text + n, point);
                // \0 is a character like any other
                n += (size_t)length;
                if (rng_below(&rng, 2)) n += (size_t)utf8_encode(text + n, point);
                n += (size_t)sprintf(text + n, "%s", kinds[rng_below(&rng, KINDS)]);
            }
            check_same(&b, text, n);
        }
        both_free(&b);
    }
    free(text);
}

// What is said of a text that goes on holds however it goes on: an end before its last
// byte is the end in every longer text.
Test(split, open_ends_hold) {
    enum { N = 48, TEXTS = 3000 };
    Rng rng = rng_new(3);
    char text[256];
    Error err;
    for (int p = 0; p < PATTERNS; p++) {
        Both b = both_new(patterns[p]);
        for (int t = 0; t < TEXTS; t++) {
            size_t n = random_kinds(&rng, text, 64 + N, KINDS);
            for (size_t size = 1; size < n; size++) {
                if (((unsigned char)text[size] & 0xC0) == 0x80) continue;
                splitter_start(&b.engine, text, n);
                splitter_start_open(&b.hand, text, size);
                for (size_t at = 0, end; at < size; at = end) {
                    end = splitter_next(&b.hand, at, &err);
                    if (end == size) break;
                    cr_assert_eq(end, splitter_next(&b.engine, at, &err),
                                 "%s: open at %zu:%s", b.name, size,
                                 around(text, n, at));
                }
            }
        }
        both_free(&b);
    }
}

// The table of classes against PCRE2, one code point at a time, for one class of each
// kind; the patterns above see the rest.
Test(split, classes_of_known_characters) {
    static const struct {
        uint32_t point;
        CharClass class;
    } known[] = {{'a', CHAR_LOWER},     {'Z', CHAR_UPPER},     {'0', CHAR_NUMBER},
                 {' ', CHAR_BLANK},     {'\n', CHAR_NEWLINE},  {'\r', CHAR_NEWLINE},
                 {0, CHAR_OTHER},       {0x1C5, CHAR_UPPER},   {0x2B0, CHAR_LETTER},
                 {0x4ECA, CHAR_LETTER}, {0x301, CHAR_MARK},    {0x2028, CHAR_BLANK},
                 {0xBD, CHAR_NUMBER},   {0x1F600, CHAR_OTHER}, {0x10FFFF, CHAR_OTHER},
                 {0x180E, CHAR_OTHER},  {0x10400, CHAR_UPPER}, {0xD800, CHAR_OTHER},
                 {0xDFFF, CHAR_OTHER},  {0xE000, CHAR_OTHER},  {0xAC00, CHAR_LETTER}};
    const CharClasses *classes = char_classes();
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        cr_expect_eq(char_class(classes, known[i].point), known[i].class, "U+%04X",
                     (unsigned)known[i].point);
    cr_assert_eq(char_classes(), classes);
}
