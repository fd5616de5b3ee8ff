#include "common/large.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "common/error.h"

enum { HUGE_PAGE = 1 << 21 };

static size_t round_up(size_t bytes, size_t step) {
    return (bytes + step - 1) / step * step;
}

void *large_new(size_t bytes) {
    size_t step = bytes >= 2 * HUGE_PAGE ? HUGE_PAGE : 64;
    void *at = bytes > SIZE_MAX - step
                   ? NULL
                   : aligned_alloc(step, round_up(bytes ? bytes : 1, step));
    if (!at) die("out of memory: %zu bytes", bytes);
#ifdef MADV_HUGEPAGE
    // a wish: if refused, nothing is lost
    if (step == HUGE_PAGE) madvise(at, round_up(bytes, step), MADV_HUGEPAGE);
#endif
    return at;
}
