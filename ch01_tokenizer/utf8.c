#include "ch01_tokenizer/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/numeric/vec_bytes.h"

static bool is_continuation(unsigned char byte) { return (byte & 0xC0) == 0x80; }

int utf8_decode(const char *text, size_t n, int *length) {
    const unsigned char *t = (const unsigned char *)text;
    *length = 1;
    if (t[0] < 0x80) return t[0];
    int size = t[0] >= 0xF0 ? 4 : t[0] >= 0xE0 ? 3 : 2;
    // C0 and C1 are always overlong
    if (t[0] < 0xC2 || t[0] > 0xF4 || n < (size_t)size) return UTF8_BAD;
    int point = t[0] & (0x7F >> size);
    for (int i = 1; i < size; i++) {
        if (!is_continuation(t[i])) return UTF8_BAD;
        point = point << 6 | (t[i] & 0x3F);
    }
    bool overlong = (size == 3 && point < 0x800) || (size == 4 && point < 0x10000);
    bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (overlong || surrogate || point > 0x10FFFF) return UTF8_BAD;
    *length = size;
    return point;
}

int utf8_encode(char *to, int point) {
    if (point < 0 || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return 0;
    int size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const int lead[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
    for (int i = size - 1; i > 0; i--, point >>= 6)
        to[i] = (char)(0x80 | (point & 0x3F));
    to[0] = (char)(lead[size] | point);
    return size;
}

// ---- many bytes at once

// BEHIND: bytes before a window that are read as well; three can lead into it.
enum { WINDOW = 64, BEHIND = 8 };
_Static_assert(WINDOW % (int)BYTES_LANES == 0, "a window is whole vectors");

// What no character has: a byte that never occurs, or a lead that the byte after it makes
// overlong, a surrogate, or too large. Whether that one is a continuation is not asked.
VEC_INLINE ByteMask never(ByteVec v, ByteVec next) {
    ByteMask overlong = ((v == 0xE0) & (next < 0xA0)) | ((v == 0xF0) & (next < 0x90));
    ByteMask beyond = ((v == 0xED) & (next > 0x9F)) | ((v == 0xF4) & (next > 0x8F));
    return bytes_within(v, 0xC0, 0xC1) | (v > 0xF4) | overlong | beyond;
}

// Whether a window continues well-formed text. Its last character may be cut short, and
// the last byte of all may be one that never occurs.
VEC_FUNCTION static bool continues_well(const char *window) {
    ByteMask bad = {0};
    for (int at = 0; at < WINDOW; at += BYTES_LANES) {
        const char *b = window + at;
        ByteVec v = bytes_load(b), before = bytes_load(b - 1);
        ByteMask wanted =
            (before > 0xBF) | (bytes_load(b - 2) > 0xDF) | (bytes_load(b - 3) > 0xEF);
        bad |= (wanted ^ bytes_within(v, 0x80, 0xBF)) | never(before, v);
    }
    return !bytes_bits(bad);
}

static inline bool is_ascii(const char *window) {
    uint64_t all = 0, eight;
    for (int i = -BEHIND; i < WINDOW; i += (int)sizeof eight) {
        memcpy(&eight, window + i, sizeof eight);
        all |= eight;
    }
    return !(all & 0x8080808080808080u);
}

// From `at` on, one character after the other: the first place that is malformed, or is
// not before `end`.
static size_t decode_all(const char *text, size_t n, size_t at, size_t end) {
    for (int length; at < end; at += (size_t)length)
        if (utf8_decode(text + at, n - at, &length) == UTF8_BAD) break;
    return at;
}

size_t utf8_valid_prefix(const char *text, size_t n) {
    size_t at = decode_all(text, n, 0, n < BEHIND ? n : BEHIND);
    if (at < BEHIND) return at;
    while (n - at >= WINDOW && (is_ascii(text + at) || continues_well(text + at)))
        at += WINDOW;
    // back to where the last character begins
    do at--;
    while (is_continuation((unsigned char)text[at]));
    return decode_all(text, n, at, n);
}
