// loses: 2, says: as at the start, keeps: 14
// The stream still holds what has ended.
#include "ch01_tokenizer/homework/hw01.h"
#define utf8_stream_end solved_utf8_stream_end
#include "../solution.c"
#undef utf8_stream_end

size_t utf8_stream_end(Utf8Stream *stream, int *points) {
    if (stream->count == 0) return 0;
    points[0] = REPLACEMENT;
    return 1;
}
