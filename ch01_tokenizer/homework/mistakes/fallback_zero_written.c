// loses: 5, says: no 0 at its end, keeps: 14
// The decoded text is closed like a string of C.
#include "ch01_tokenizer/homework/hw01.h"
#define fallback_decode solved_fallback_decode
#include "../solution.c"
#undef fallback_decode

size_t fallback_decode(const PointVocabulary *vocabulary, const int *tokens, size_t n,
                       char *text) {
    size_t size = 0;
    for (size_t i = 0; i < n; i++) {
        if (tokens[i] < FIRST_BYTE) continue;
        if (tokens[i] < FIRST_POINT) {
            text[size++] = (char)(tokens[i] - FIRST_BYTE);
            continue;
        }
        int point = vocabulary->points[tokens[i] - FIRST_POINT];
        size += (size_t)utf8_encode(text + size, point == SPACE_MARK ? ' ' : point);
    }
    text[size] = 0;
    return size;
}
