#include <criterion/criterion.h>
#include <string.h>

#include "ch01_tokenizer/utf8.h"
#include "common/numeric/rng.h"

Test(utf8, every_code_point_comes_back) {
    for (int point = 0; point <= 0x110000; point++) {
        char text[4];
        int size = utf8_encode(text, point), length = 0;
        bool none = (point >= 0xD800 && point <= 0xDFFF) || point > 0x10FFFF;
        cr_assert_eq(size == 0, none, "U+%04X", (unsigned)point);
        if (none) continue;
        cr_assert_eq(utf8_decode(text, (size_t)size, &length), point);
        cr_assert_eq(length, size);
        // cut short
        if (size > 1)
            cr_assert_eq(utf8_decode(text, (size_t)size - 1, &length), UTF8_BAD);
    }
}

// Independent of the decoder: of all strings of 1, 2 and 3 bytes, exactly so many are
// one well-formed character.
Test(utf8, number_of_well_formed_strings) {
    long well_formed[5] = {0};
    for (long bytes = 0; bytes < 1L << 24; bytes++) {
        char text[3] = {(char)(bytes >> 16), (char)(bytes >> 8), (char)bytes};
        int length;
        for (int n = 1; n <= 3; n++) {
            bool first =
                n == 3 || (n == 2 && !(bytes & 0xFF)) || (n == 1 && !(bytes & 0xFFFF));
            if (first && utf8_decode(text, (size_t)n, &length) != UTF8_BAD
                && length == n)
                well_formed[n]++;
        }
    }
    cr_assert_eq(well_formed[1], 0x80);
    cr_assert_eq(well_formed[2], 0x800 - 0x80);
    cr_assert_eq(well_formed[3], 0x10000 - 0x800 - 0x800);  // less the surrogates
}

Test(utf8, malformed) {
    const char *bad[] = {
        "\x80",         "\xC0\x80",         "\xC1\xBF",         "\xE0\x9F\xBF",
        "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80",
        "\xFF",         "\xE4\xBB"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int length;
        cr_assert_eq(utf8_decode(bad[i], strlen(bad[i]), &length), UTF8_BAD, "%zu", i);
        cr_assert_eq(length, 1);
        char text[32] = "plain text, more than 8: ";
        size_t good = strlen(text);
        strcat(text, bad[i]);
        cr_assert_eq(utf8_valid_prefix(text, strlen(text)), good);
    }
    cr_assert_eq(utf8_valid_prefix("今天天气", 12), 12);
    cr_assert_eq(utf8_valid_prefix("今天天气", 11), 9);
    cr_assert_eq(utf8_valid_prefix("", 0), 0);
}

// The definition: one character after the other.
static size_t well_formed_prefix(const char *text, size_t n) {
    size_t at = 0;
    for (int length; at < n; at += (size_t)length)
        if (utf8_decode(text + at, n - at, &length) == UTF8_BAD) break;
    return at;
}

// Characters that lie at the borders of what is well-formed, at every place of a window;
// one byte is changed, at any place, to a byte that means something.
Test(utf8, many_bytes_at_once) {
    static const int points[] = {'a',     0x7F,    0x80,     0x7FF,   0x800,   0xFFF,
                                 0x1000,  0xD7FF,  0xE000,   0xFFFF,  0x10000, 0x3FFFF,
                                 0x40000, 0xFFFFF, 0x100000, 0x10FFFF};
    static const unsigned char bytes[] = {
        'a',  0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0,
        0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF};
    enum { POINTS = sizeof points / sizeof *points, MOST = 400 };
    Rng rng = rng_new(3);
    for (int round = 0; round < 100000; round++) {
        char text[MOST];
        // often one kind of character alone, so that windows of it are met
        int kinds = round % 2 ? POINTS : 1, first = rng_below(&rng, POINTS);
        size_t n = 0, size = (size_t)rng_below(&rng, MOST - 4);
        while (n < size)
            n += (size_t)utf8_encode(text + n,
                                     points[(first + rng_below(&rng, kinds)) % POINTS]);
        cr_assert_eq(utf8_valid_prefix(text, n), n);
        if (n == 0) continue;
        text[rng_below(&rng, (int)n)] = (char)bytes[rng_below(&rng, (int)sizeof bytes)];
        n -= (size_t)rng_below(&rng, n < 4 ? (int)n : 4);
        cr_assert_eq(utf8_valid_prefix(text, n), well_formed_prefix(text, n));
    }
}
