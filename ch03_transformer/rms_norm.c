#include <math.h>

#include "ch03_transformer/norm.h"
#include "ch03_transformer/parallel.h"

// y = x / s, out = gain y. The only statistic is 1 / s.
VEC_FUNCTION static void forward_row(real *out, real *statistics, const real *x,
                                     const real *gain, const real *bias, int n,
                                     double epsilon) {
    (void)bias;
    real inverse =
        1 / (real)sqrt((double)(array_dot(x, x, (size_t)n) / (real)n) + epsilon);
    for (int j = 0; j < n; j++) out[j] = x[j] * inverse * (gain ? gain[j] : 1);
    if (statistics) *statistics = inverse;
}

// dx = (g - y mean(y g)) / s with g = gain dout; gain_sum += y dout.
VEC_FUNCTION static void backward_row(real *dx, bool add, real *gain_sum,
                                      real *bias_sum, const real *dout, const real *x,
                                      const real *statistics, const real *gain, int n) {
    (void)bias_sum;
    const real inverse = *statistics;
    Vec sum = {0};
    for (int j = 0; j < n; j += VEC_LANES) {
        int left = n - j;
        Vec yd = vec_load_some(x + j, left) * inverse * vec_load_some(dout + j, left);
        sum += gain ? yd * vec_load_some(gain + j, left) : yd;
        if (gain_sum) vec_put(gain_sum + j, left, yd, true);
    }
    if (!dx) return;
    const real mean = vec_sum(sum) / (real)n;
    for (int j = 0; j < n; j += VEC_LANES) {
        int left = n - j;
        Vec d = vec_load_some(dout + j, left), y = vec_load_some(x + j, left) * inverse;
        Vec g = gain ? d * vec_load_some(gain + j, left) : d;
        vec_put(dx + j, left, (g - y * mean) * inverse, add);
    }
}

const NormRows rms_norm_rows = {.name = "rms",
                                .operation = {"rms norm", norm_pull},
                                .statistics = 1,
                                .forward = forward_row,
                                .backward = backward_row};
