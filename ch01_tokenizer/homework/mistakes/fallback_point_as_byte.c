// loses: 5, says: a code point was written as one byte, keeps: 5
// Decoding writes a code point's last eight bits.
#include "ch01_tokenizer/homework/hw01.h"
#define fallback_decode solved_fallback_decode
#include "../solution.c"
#undef fallback_decode

size_t fallback_decode(const PointVocabulary *vocabulary, const int *tokens, size_t n,
                       char *text) {
    size_t size = 0;
    for (size_t i = 0; i < n; i++) {
        int place = tokens[i] - FIRST_POINT;
        bool point = place >= 0 && vocabulary->points[place] != SPACE_MARK;
        if (point) text[size++] = (char)vocabulary->points[place];
        else size += solved_fallback_decode(vocabulary, tokens + i, 1, text + size);
    }
    return size;
}
