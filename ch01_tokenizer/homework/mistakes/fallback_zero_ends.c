// loses: 5, says: a byte 0 ended the text, keeps: 7
// The text is taken for a string of C.
#include "ch01_tokenizer/homework/hw01.h"
#define fallback_encode solved_fallback_encode
#include "../solution.c"
#undef fallback_encode

size_t fallback_encode(const PointVocabulary *vocabulary, const char *text, size_t n,
                       int *tokens) {
    size_t count = 0;
    int length;
    for (size_t i = 0; i < n && text[i]; i += (size_t)length) {
        int point = utf8_decode(text + i, n - i, &length), token = NO_TOKEN;
        if (point != SPACE_MARK)
            token = token_of_point(vocabulary, point == ' ' ? SPACE_MARK : point);
        if (token != NO_TOKEN) tokens[count++] = token;
        for (int b = 0; b < length && token == NO_TOKEN; b++)
            tokens[count++] = FIRST_BYTE + (unsigned char)text[i + (size_t)b];
    }
    return count;
}
