// loses: 2, says: came through while bytes were held, keeps: 8
// An ASCII character is written before the bytes that are held are looked at.
#include "ch01_tokenizer/homework/hw01.h"
#define utf8_stream solved_utf8_stream
#include "../solution.c"
#undef utf8_stream

size_t utf8_stream(Utf8Stream *stream, const char *chunk, size_t n, int *points) {
    size_t written = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)chunk[i], *held = stream->bytes;
        if (byte < 0x80) {
            points[written++] = byte;
            continue;
        }
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
