// loses: 5, says: a space is its own byte, keeps: 11
// Where U+2581 has no token, a space becomes its bytes.
#include "ch01_tokenizer/homework/hw01.h"
#define fallback_encode solved_fallback_encode
#include "../solution.c"
#undef fallback_encode

size_t fallback_encode(const PointVocabulary *vocabulary, const char *text, size_t n,
                       int *tokens) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        bool space = text[i] == ' ' && token_of_point(vocabulary, SPACE_MARK) < 0;
        size_t size = 1;
        for (; !space && i + size < n && text[i + size] != ' ';) size++;
        if (space)
            for (int k = 0; k < 3; k++)
                tokens[count++] = FIRST_BYTE + (unsigned char)"\xE2\x96\x81"[k];
        else
            count += solved_fallback_encode(vocabulary, text + i, size, tokens + count);
        i += size - 1;
    }
    return count;
}
