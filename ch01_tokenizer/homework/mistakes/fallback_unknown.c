// loses: 5, says: became <unk>, keeps: 4
// A vocabulary of characters without the fallback.
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
        tokens[count++] = token == NO_TOKEN ? UNK : token;
    }
    return count;
}
