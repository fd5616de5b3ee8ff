// loses: 2, says: replaced too early, keeps: 9
// Takes the end of a chunk for the end of the text.
#include "ch01_tokenizer/homework/hw01.h"
#define utf8_stream solved_utf8_stream
#include "../solution.c"
#undef utf8_stream

size_t utf8_stream(Utf8Stream *stream, const char *chunk, size_t n, int *points) {
    size_t written = solved_utf8_stream(stream, chunk, n, points);
    return written + utf8_stream_end(stream, points + written);
}
