#include <math.h>

#include "ch03_transformer/norm.h"
#include "ch03_transformer/parallel.h"

// What is saved: mean and 1 / s of every row; y is made again from x.
enum { MEAN, INVERSE, STATISTICS };

// y = (x - mean) / s, then gain y + bias. Two passes for the variance: x - mean first,
// squares then.
VEC_FUNCTION static void forward_row(real *out, real *statistics, const real *x,
                                     const real *gain, const real *bias, int n,
                                     double epsilon) {
    real mean = array_sum(x, (size_t)n) / (real)n;
    for (int j = 0; j < n; j++) out[j] = x[j] - mean;
    real variance = array_dot(out, out, (size_t)n) / (real)n;
    real inverse = 1 / (real)sqrt((double)variance + epsilon);
    for (int j = 0; j < n; j++)
        out[j] = out[j] * inverse * (gain ? gain[j] : 1) + (bias ? bias[j] : 0);
    if (statistics) statistics[MEAN] = mean, statistics[INVERSE] = inverse;
}

// dx = (g - mean(g) - y mean(y g)) / s with g = gain dout; gain_sum += y dout, bias_sum
// += dout.
VEC_FUNCTION static void backward_row(real *dx, bool add, real *gain_sum,
                                      real *bias_sum, const real *dout, const real *x,
                                      const real *statistics, const real *gain, int n) {
    const real mean = statistics[MEAN], inverse = statistics[INVERSE];
    Vec sum_g = {0}, sum_yg = {0};
    for (int j = 0; j < n; j += VEC_LANES) {
        int left = n - j;
        Vec d = vec_load_some(dout + j, left),
            y = (vec_load_some(x + j, left) - mean) * inverse;
        // 0 in lanes that are not there
        Vec g = gain ? d * vec_load_some(gain + j, left) : d;
        sum_g += g, sum_yg += y * g;
        if (gain_sum) vec_put(gain_sum + j, left, y * d, true);
        if (bias_sum) vec_put(bias_sum + j, left, d, true);
    }
    if (!dx) return;
    const real mean_g = vec_sum(sum_g) / (real)n, mean_yg = vec_sum(sum_yg) / (real)n;
    for (int j = 0; j < n; j += VEC_LANES) {
        int left = n - j;
        Vec d = vec_load_some(dout + j, left),
            y = (vec_load_some(x + j, left) - mean) * inverse;
        Vec g = gain ? d * vec_load_some(gain + j, left) : d;
        vec_put(dx + j, left, (g - mean_g - y * mean_yg) * inverse, add);
    }
}

const NormRows layer_norm_rows = {.name = "layer",
                                  .operation = {"layer norm", norm_pull},
                                  .has_bias = true,
                                  .statistics = STATISTICS,
                                  .forward = forward_row,
                                  .backward = backward_row};
