// loses: 2, says: no character begins so, keeps: 8
//
// Waits for as many continuation
// bytes as the lead promises, and looks at the value only then.
#include "ch01_tokenizer/homework/hw01.h"
#define utf8_stream solved_utf8_stream
#include "../solution.c"
#undef utf8_stream

size_t utf8_stream(Utf8Stream *stream, const char *chunk, size_t n, int *points) {
    size_t written = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)chunk[i], *held = stream->bytes;
        if (stream->count > 0 && (byte & 0xC0) != 0x80)
            written += utf8_stream_end(stream, points + written);
        held[stream->count++] = byte;
        int length = length_by_lead(held[0]), unused;
        if (length == 0) written += utf8_stream_end(stream, points + written);
        if (stream->count == 0 || stream->count < length) continue;
        int point = utf8_decode((const char *)held, (size_t)length, &unused);
        points[written++] = point == UTF8_BAD ? REPLACEMENT : point;
        stream->count = 0;
    }
    return written;
}
