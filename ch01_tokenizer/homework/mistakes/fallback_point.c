// loses: 5, says: its place in the vocabulary, keeps: 5
// A character's token is its code point and FIRST_POINT.
#include "ch01_tokenizer/homework/hw01.h"
#define fallback_encode solved_fallback_encode
#include "../solution.c"
#undef fallback_encode

size_t fallback_encode(const PointVocabulary *vocabulary, const char *text, size_t n,
                       int *tokens) {
    size_t count = solved_fallback_encode(vocabulary, text, n, tokens);
    for (size_t i = 0; i < count; i++)
        if (tokens[i] >= FIRST_POINT)
            tokens[i] = FIRST_POINT + vocabulary->points[tokens[i] - FIRST_POINT];
    return count;
}
