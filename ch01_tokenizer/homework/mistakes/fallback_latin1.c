// loses: 5, says: a byte, not U+00E2, keeps: 5
// A byte token is taken for the character with that number.
#include "ch01_tokenizer/homework/hw01.h"
#define fallback_decode solved_fallback_decode
#include "../solution.c"
#undef fallback_decode

size_t fallback_decode(const PointVocabulary *vocabulary, const int *tokens, size_t n,
                       char *text) {
    size_t size = 0;
    for (size_t i = 0; i < n; i++) {
        if (tokens[i] >= FIRST_BYTE && tokens[i] < FIRST_POINT)
            size += (size_t)utf8_encode(text + size, tokens[i] - FIRST_BYTE);
        else size += solved_fallback_decode(vocabulary, &tokens[i], 1, text + size);
    }
    return size;
}
