// loses: 2, says: each byte from 80 on came out alone, keeps: 2
// As signed numbers all bytes are below 0x80.
#include "ch01_tokenizer/homework/hw01.h"
#define utf8_stream solved_utf8_stream
#include "../solution.c"
#undef utf8_stream

size_t utf8_stream(Utf8Stream *stream, const char *chunk, size_t n, int *points) {
    size_t written = 0;
    for (size_t i = 0; i < n; i++) {
        int byte = (signed char)chunk[i];
        if (byte < 0x80) points[written++] = byte;
        else written += solved_utf8_stream(stream, chunk + i, 1, points + written);
    }
    return written;
}
