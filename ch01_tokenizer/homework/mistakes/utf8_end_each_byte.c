// loses: 2, says: at the end each held byte became, keeps: 13
// Each byte that is still held is replaced.
#include "ch01_tokenizer/homework/hw01.h"
#define utf8_stream_end solved_utf8_stream_end
#include "../solution.c"
#undef utf8_stream_end

size_t utf8_stream_end(Utf8Stream *stream, int *points) {
    size_t held = (size_t)stream->count;
    stream->count = 0;
    for (size_t i = 0; i < held; i++) points[i] = REPLACEMENT;
    return held;
}
