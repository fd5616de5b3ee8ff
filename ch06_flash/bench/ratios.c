#include "ch06_flash/bench/ratios.h"

#include <math.h>
#include <stdio.h>

#include "common/numeric/timing.h"
#include "common/numeric/vec.h"

// Numbers that stay in the first cache: 96 keys by 32 queries, a tile of scores.
enum { COUNT = 96 * 32, TIMES = 200, ROUNDS = 40 };

VEC_FUNCTION static void exponentials(real *x) {
    for (int i = 0; i < COUNT; i += VEC_LANES)
        vec_store(x + i, vec_exp(vec_load(x + i) - (real)2));
}
VEC_FUNCTION static void divisions(real *x) {
    Vec by = vec_load(x) + (real)1.5;
    for (int i = 0; i < COUNT; i += VEC_LANES)
        vec_store(x + i, (vec_load(x + i) + (real)1) / by);
}

// Seconds of one.
static double seconds_of(void (*work)(real *), real *x) {
    double begin = now_seconds();
    for (int t = 0; t < TIMES; t++) work(x);
    return (now_seconds() - begin) / TIMES / COUNT;
}

void ratios_print(void) {
    static real x[COUNT];
    double peak = 0, each[2] = {INFINITY, INFINITY};
    for (int i = 0; i < ROUNDS; i++) {  // in turns, and the best of each
        peak = fmax(peak, fma_peak_gflops());
        each[0] = fmin(each[0], seconds_of(exponentials, x));
        each[1] = fmin(each[1], seconds_of(divisions, x));
    }
    double operation = 1e-9 / peak;
    printf(
        "one exponential takes as long as %.1f operations of a matmul at the peak, one "
        "division %.1f\n",
        each[0] / operation, each[1] / operation);
    printf("of the time of a tile with d = 64, at the peak: exponentials %.0f %%\n",
           100 * each[0] / (each[0] + 4 * 64 * operation));
}
