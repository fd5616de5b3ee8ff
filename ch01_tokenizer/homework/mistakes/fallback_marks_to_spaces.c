// loses: 5, says: came back as a space, keeps: 8
// Puts the bytes together first and replaces every U+2581 then.
#include "ch01_tokenizer/homework/hw01.h"
#define fallback_decode solved_fallback_decode
#include "../solution.c"
#undef fallback_decode

size_t fallback_decode(const PointVocabulary *vocabulary, const int *tokens, size_t n,
                       char *text) {
    size_t size = solved_fallback_decode(vocabulary, tokens, n, text), written = 0;
    for (size_t i = 0; i < size; i++) {
        bool mark = i + 3 <= size && memcmp(text + i, "\xE2\x96\x81", 3) == 0;
        text[written++] = mark ? ' ' : text[i];
        if (mark) i += 2;
    }
    return written;
}
