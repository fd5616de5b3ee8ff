// loses: 2, says: right where no chunk is empty, keeps: 5
// An empty chunk throws away what is held.
#include "ch01_tokenizer/homework/hw01.h"
#define utf8_stream solved_utf8_stream
#include "../solution.c"
#undef utf8_stream

size_t utf8_stream(Utf8Stream *stream, const char *chunk, size_t n, int *points) {
    size_t written = 0;
    if (n == 0) stream->count = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)chunk[i], *held = stream->bytes;
        if (stream->count > 0 && !may_follow(held[0], stream->count, byte))
            // and `byte` is looked at anew
            written += utf8_stream_end(stream, points + written);
        held[stream->count++] = byte;
        int length = length_by_lead(held[0]), unused;
        if (length == 0) written += utf8_stream_end(stream, points + written);
        if (stream->count == 0 || stream->count < length) continue;
        points[written++] = utf8_decode((const char *)held, (size_t)length, &unused);
        stream->count = 0;
    }
    return written;
}
