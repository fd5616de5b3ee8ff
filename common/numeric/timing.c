#include "common/numeric/timing.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/error.h"
#include "common/numeric/vec.h"

static double read_clock(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double now_seconds(void) { return read_clock(CLOCK_MONOTONIC); }
double thread_seconds(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

// Two units that each take a new multiply-add a cycle and finish it four cycles later
// need eight independent sums; ten leave some slack, and with the two factors they fit
// in 16 registers.
enum { SUMS = 10, ROUNDS = 100000 };

VEC_FUNCTION static double fma_burst(Vec x, Vec y) {
    Vec sum[SUMS];
    for (int i = 0; i < SUMS; i++) sum[i] = x * (real)i;
    double start = now_seconds();
    for (int round = 0; round < ROUNDS; round++)
#pragma GCC unroll 10
        for (int i = 0; i < SUMS; i++) sum[i] = sum[i] * x + y;
    // somebody wants the result
    for (int i = 0; i < SUMS; i++) __asm__ volatile("" : : "m"(sum[i]));
    return now_seconds() - start;
}

double fma_peak_gflops(void) {
    // volatile: or the compiler would compute it all itself
    volatile real x = 0.5, y = 0.25;
    double best = INFINITY;
    for (int run = 0; run < 50; run++)
        best = fmin(best, fma_burst(vec_splat(x), vec_splat(y)));
    return 2e-9 * VEC_LANES * SUMS * ROUNDS / best;
}

double fma_peak_gflops_of(int threads) {
    double sum = 0;
    (void)threads;
#pragma omp parallel reduction(+ : sum) num_threads(threads)
    sum += fma_peak_gflops();
    return sum;
}

double copy_bandwidth_gbs(void) {
    size_t bytes = (size_t)64 << 20;
    char *from = allocate(bytes, 1), *to = allocate(bytes, 1);
    memset(from, 1, bytes);  // so that pages are really there
    memset(to, 2, bytes);
    double best = INFINITY;
    for (int run = 0; run < 5; run++) {
        double start = now_seconds();
        memcpy(to, from, bytes);
        __asm__ volatile("" : : "r"(to) : "memory");
        best = fmin(best, now_seconds() - start);
    }
    free(from);
    free(to);
    return 2e-9 * (double)bytes / best;
}

// Once over all of it: the sums of four vectors side by side.
VEC_FUNCTION static real read_all(const real *at, size_t n) {
    Vec sum[4] = {{0}};
    for (size_t i = 0; i + 4 * VEC_LANES <= n; i += 4 * VEC_LANES)
        for (int v = 0; v < 4; v++) sum[v] += vec_load(at + i + v * VEC_LANES);
    return vec_sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
}

double read_bandwidth_gbs(const void *at, size_t bytes, int threads) {
    double best = INFINITY;
    size_t piece = bytes / sizeof(real) / (size_t)threads;
    for (int run = 0; run < 5; run++) {
        double start = now_seconds();
        real sum = 0;
#pragma omp parallel for reduction(+ : sum) num_threads(threads)
        for (int t = 0; t < threads; t++)
            sum += read_all((const real *)at + (size_t)t * piece, piece);
        __asm__ volatile("" : : "m"(sum));
        best = fmin(best, now_seconds() - start);
    }
    return 1e-9 * (double)(piece * (size_t)threads * sizeof(real)) / best;
}
