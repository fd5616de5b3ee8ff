// loses: 5, says: replaced by U+FFFD, keeps: 5
// Well-formed text at any price.
#include "ch01_tokenizer/homework/hw01.h"
#define fallback_decode solved_fallback_decode
#include "../solution.c"
#undef fallback_decode

size_t fallback_decode(const PointVocabulary *vocabulary, const int *tokens, size_t n,
                       char *text) {
    char *bytes = allocate(4 * n + 1, 1);
    size_t size = solved_fallback_decode(vocabulary, tokens, n, bytes), written = 0;
    int length;
    for (size_t i = 0; i < size; i += (size_t)length) {
        int point = utf8_decode(bytes + i, size - i, &length);
        written +=
            (size_t)utf8_encode(text + written, point == UTF8_BAD ? 0xFFFD : point);
    }
    free(bytes);
    return written;
}
