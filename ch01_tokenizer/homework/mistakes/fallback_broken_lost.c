// loses: 5, says: broken bytes are lost, keeps: 7
// What is no character is left out.
#include "ch01_tokenizer/homework/hw01.h"
#define fallback_encode solved_fallback_encode
#include "../solution.c"
#undef fallback_encode

size_t fallback_encode(const PointVocabulary *vocabulary, const char *text, size_t n,
                       int *tokens) {
    size_t count = 0;
    for (size_t i = 0; i < n;) {
        int length;
        int point = utf8_decode(text + i, n - i, &length);
        if (point != UTF8_BAD)
            count += solved_fallback_encode(vocabulary, text + i, (size_t)length,
                                            tokens + count);
        i += (size_t)length;
    }
    return count;
}
