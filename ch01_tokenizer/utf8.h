// Bytes, code points and UTF-8 (RFC 3629). Lecture, section 1.2.
//
//     code point              bytes
//     U+0000   .. U+007F      0xxxxxxx
//     U+0080   .. U+07FF      110xxxxx 10xxxxxx
//     U+0800   .. U+FFFF      1110xxxx 10xxxxxx 10xxxxxx            (not the surrogates D800 .. DFFF)
//     U+10000  .. U+10FFFF    11110xxx 10xxxxxx 10xxxxxx 10xxxxxx
//
// One code point has one encoding: longer ones are malformed, and so is everything
// else.
#pragma once
#include <stddef.h>

enum { UTF8_BAD = -1 };

// The code point that begins text[0 .. n-1], n >= 1, and its length in bytes; UTF8_BAD
// and 1 where none does.
int utf8_decode(const char *text, size_t n, int *length);
// Writes 1 to 4 bytes and returns how many; 0 where `point` is no code point.
int utf8_encode(char *to, int point);
// How many bytes from the start are well-formed UTF-8: n if all are.
size_t utf8_valid_prefix(const char *text, size_t n);
