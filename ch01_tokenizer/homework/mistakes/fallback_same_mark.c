// loses: 5, says: the space became the same token, keeps: 10
// As SentencePiece does it: a U+2581 of the text comes back as a space.
#include "ch01_tokenizer/homework/hw01.h"
#define fallback_encode solved_fallback_encode
#include "../solution.c"
#undef fallback_encode

size_t fallback_encode(const PointVocabulary *vocabulary, const char *text, size_t n,
                       int *tokens) {
    size_t count = 0;
    int length;
    for (size_t i = 0; i < n; i += (size_t)length) {
        int point = utf8_decode(text + i, n - i, &length);
        int token = token_of_point(vocabulary, point == ' ' ? SPACE_MARK : point);
        if (token != NO_TOKEN) tokens[count++] = token;
        for (int b = 0; b < length && token == NO_TOKEN; b++)
            tokens[count++] = FIRST_BYTE + (unsigned char)text[i + (size_t)b];
    }
    return count;
}
