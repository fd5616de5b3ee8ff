// loses: 5, says: may be negative, keeps: 4
// A byte above 127 is negative.
#include "ch01_tokenizer/homework/hw01.h"
#define fallback_encode solved_fallback_encode
#include "../solution.c"
#undef fallback_encode

size_t fallback_encode(const PointVocabulary *vocabulary, const char *text, size_t n,
                       int *tokens) {
    size_t count = 0;
    int length;
    for (size_t i = 0; i < n; i += (size_t)length) {
        int point = utf8_decode(text + i, n - i, &length), token = NO_TOKEN;
        if (point != SPACE_MARK)
            token = token_of_point(vocabulary, point == ' ' ? SPACE_MARK : point);
        if (token != NO_TOKEN) tokens[count++] = token;
        for (int b = 0; b < length && token == NO_TOKEN; b++)
            tokens[count++] = FIRST_BYTE + (signed char)text[i + (size_t)b];
    }
    return count;
}
