// loses: 2, says: was written as if it were a code point, keeps: 7
// What is broken is left to utf8_decode, and its answer is written as it is.
#include "ch01_tokenizer/homework/hw01.h"
#define utf8_stream solved_utf8_stream
#include "../solution.c"
#undef utf8_stream

size_t utf8_stream(Utf8Stream *stream, const char *chunk, size_t n, int *points) {
    size_t written = solved_utf8_stream(stream, chunk, n, points);
    for (size_t i = 0; i < written; i++)
        if (points[i] == REPLACEMENT) points[i] = UTF8_BAD;
    return written;
}
