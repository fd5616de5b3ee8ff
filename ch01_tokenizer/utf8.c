#include "ch01_tokenizer/utf8.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

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

// Three bytes whose first two alone make no overlong form and no surrogate: most of what
// is neither ASCII nor Latin, Greek or Cyrillic.
static inline bool is_plain_three(const unsigned char *t) {
    bool lead = t[0] >= 0xE1 && t[0] <= 0xEF && t[0] != 0xED;
    return lead && is_continuation(t[1]) && is_continuation(t[2]);
}

size_t utf8_valid_prefix(const char *text, size_t n) {
    size_t at = 0;
    while (at < n) {
        uint64_t eight;  // most text is ASCII: eight bytes at once
        if (n - at >= sizeof eight) {
            memcpy(&eight, text + at, sizeof eight);
            if (!(eight & 0x8080808080808080u)) {
                at += sizeof eight;
                continue;
            }
        }
        while (n - at >= 3 && is_plain_three((const unsigned char *)text + at)) at += 3;
        if (at == n) break;
        int length;
        if (utf8_decode(text + at, n - at, &length) == UTF8_BAD) return at;
        at += (size_t)length;
    }
    return n;
}
