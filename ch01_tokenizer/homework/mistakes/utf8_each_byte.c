// loses: 2, says: each byte of a broken character was replaced, keeps: 8
//
// The chapter's
// utf8_decode says UTF8_BAD and length 1, so one byte is replaced, and on from the
// next.
#include "ch01_tokenizer/homework/hw01.h"
#define utf8_stream solved_utf8_stream
#include "../solution.c"
#undef utf8_stream

static bool may_become_a_character(const unsigned char *held, int count) {
    for (int i = 1; i < count; i++)
        if (!may_follow(held[0], i, held[i])) return false;
    return count < length_by_lead(held[0]);
}

size_t utf8_stream(Utf8Stream *stream, const char *chunk, size_t n, int *points) {
    size_t written = 0;
    for (size_t i = 0; i < n; i++) {
        stream->bytes[stream->count++] = (unsigned char)chunk[i];
        while (stream->count > 0
               && !may_become_a_character(stream->bytes, stream->count)) {
            int length, point = utf8_decode((const char *)stream->bytes,
                                            (size_t)stream->count, &length);
            points[written++] = point == UTF8_BAD ? REPLACEMENT : point;
            stream->count -= length;
            memmove(stream->bytes, stream->bytes + length, (size_t)stream->count);
        }
    }
    return written;
}
