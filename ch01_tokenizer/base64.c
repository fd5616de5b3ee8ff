#include "ch01_tokenizer/base64.h"

#include <stdint.h>
#include <string.h>

static const char letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int value_of(char letter) {
    const char *found = letter ? strchr(letters, letter) : NULL;
    return found ? (int)(found - letters) : -1;
}

size_t base64_decode(char *to, const char *text, size_t n) {
    if (n == 1 && text[0] == '=') return 0;
    if (n == 0 || n % 4) return SIZE_MAX;
    size_t padding = text[n - 1] != '=' ? 0 : text[n - 2] != '=' ? 1 : 2, size = 0;
    for (size_t i = 0; i < n; i += 4) {
        unsigned bits = 0;
        for (size_t j = i; j < i + 4; j++) {
            int value = j >= n - padding ? 0 : value_of(text[j]);
            if (value < 0) return SIZE_MAX;
            bits = bits << 6 | (unsigned)value;
        }
        for (int shift = 16; shift >= 0; shift -= 8) to[size++] = (char)(bits >> shift);
    }
    return size - padding;
}

void base64_write(FILE *stream, const char *bytes, size_t n) {
    if (n == 0) fputc('=', stream);
    for (size_t i = 0; i < n; i += 3) {
        unsigned bits = 0;
        for (size_t j = 0; j < 3; j++)
            bits = bits << 8 | (i + j < n ? (unsigned char)bytes[i + j] : 0u);
        for (size_t j = 0; j < 4; j++)
            fputc(i + j <= n ? letters[bits >> (18 - 6 * j) & 63] : '=', stream);
    }
}
