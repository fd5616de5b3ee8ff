// loses: 5, says: a character's other bytes came once more, keeps: 4
// Goes on with the next byte, though a character has been read.
#include "ch01_tokenizer/homework/hw01.h"
#define fallback_encode solved_fallback_encode
#include "../solution.c"
#undef fallback_encode

size_t fallback_encode(const PointVocabulary *vocabulary, const char *text, size_t n,
                       int *tokens) {
    size_t count = 0;
    for (size_t i = 0; i < n;) {
        int length;
        utf8_decode(text + i, n - i, &length);
        count += solved_fallback_encode(vocabulary, text + i, (size_t)length,
                                        tokens + count);
        i++;
    }
    return count;
}
