// The smallest helpers, once: the lesser and the greater of two, and rounding up.
#pragma once
#include <assert.h>
#include <stddef.h>

static inline int int_min(int a, int b) { return a < b ? a : b; }
static inline int int_max(int a, int b) { return a > b ? a : b; }
static inline size_t size_min(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t size_max(size_t a, size_t b) { return a > b ? a : b; }
static inline long long long_min(long long a, long long b) { return a < b ? a : b; }
static inline long long long_max(long long a, long long b) { return a > b ? a : b; }

// The least number of pieces of b that hold a: a / b rounded up. a >= 0, b >= 1; nothing
// can overflow.
static inline int ceil_div(int a, int b) {
    assert(a >= 0 && b >= 1);
    return a / b + (a % b != 0);
}
