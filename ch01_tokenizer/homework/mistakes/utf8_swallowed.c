// loses: 2, says: swallowed, keeps: 8
// The byte that cannot follow is taken as a part of the broken character.
#include "ch01_tokenizer/homework/hw01.h"
#define utf8_stream solved_utf8_stream
#include "../solution.c"
#undef utf8_stream

size_t utf8_stream(Utf8Stream *stream, const char *chunk, size_t n, int *points) {
    size_t written = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)chunk[i];
        if (stream->count > 0 && !may_follow(stream->bytes[0], stream->count, byte))
            written += utf8_stream_end(stream, points + written);
        else written += solved_utf8_stream(stream, chunk + i, 1, points + written);
    }
    return written;
}
