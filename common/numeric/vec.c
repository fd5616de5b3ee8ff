#include "common/numeric/vec.h"

// Sums run in four vectors side by side: one addition takes four cycles, but a new one
// can start in each.
enum { WIDE = 4 * VEC_LANES };

// The largest lane: neighbours are compared, then neighbours of what is left. There is
// no NaN.
VEC_INLINE real vec_most(Vec v) {
    for (int left = VEC_LANES; left > 1; left /= 2)
        v = vec_max(vec_even(v, v), vec_odd(v, v));
    return v[0];
}

VEC_FUNCTION real array_max(const real *x, size_t n) {
    Vec max[4];
    for (int v = 0; v < 4; v++) max[v] = vec_splat(-INFINITY);
    size_t i = 0;
    for (; i + WIDE <= n; i += WIDE)
        for (int v = 0; v < 4; v++)
            max[v] = vec_max(max[v], vec_load(x + i + v * VEC_LANES));
    for (; i + VEC_LANES <= n; i += VEC_LANES)
        max[0] = vec_max(max[0], vec_load(x + i));
    // the last ones, with some that were seen before
    if (n >= VEC_LANES) max[1] = vec_max(max[1], vec_load(x + n - VEC_LANES));
    else if (n > 0) max[1] = vec_max(max[1], vec_load_part(x, n, -INFINITY));
    return vec_most(vec_max(vec_max(max[0], max[1]), vec_max(max[2], max[3])));
}

VEC_FUNCTION real array_sum(const real *x, size_t n) {
    Vec sum[4] = {{0}};
    size_t i = 0;
    for (; i + WIDE <= n; i += WIDE)
        for (int v = 0; v < 4; v++) sum[v] += vec_load(x + i + v * VEC_LANES);
    real total = vec_sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
    for (; i < n; i++) total += x[i];
    return total;
}

VEC_FUNCTION real array_dot(const real *x, const real *y, size_t n) {
    Vec sum[4] = {{0}};
    size_t i = 0;
    for (; i + WIDE <= n; i += WIDE)
        for (int v = 0; v < 4; v++)
            sum[v] += vec_load(x + i + v * VEC_LANES) * vec_load(y + i + v * VEC_LANES);
    for (; i + VEC_LANES <= n; i += VEC_LANES)
        sum[0] += vec_load(x + i) * vec_load(y + i);
    real total = vec_sum((sum[0] + sum[1]) + (sum[2] + sum[3]));
    for (; i < n; i++) total += x[i] * y[i];
    return total;
}

VEC_FUNCTION bool array_finite(const real *x, size_t n) {
    VecInt finite = (VecInt)vec_splat(0) == 0;
    size_t i = 0;
    for (; i + VEC_LANES <= n; i += VEC_LANES)
        finite &= vec_abs(vec_load(x + i)) < INFINITY;
    if (i < n) finite &= vec_abs(vec_load_part(x + i, n - i, 0)) < INFINITY;
    bool all = true;
    for (int lane = 0; lane < VEC_LANES; lane++) all &= finite[lane] != 0;
    return all;
}

VEC_FUNCTION void array_exp(real *x, size_t n) {
    size_t i = 0;
    for (; i + VEC_LANES <= n; i += VEC_LANES)
        vec_store(x + i, vec_exp(vec_load(x + i)));
    if (i < n) vec_store_part(x + i, n - i, vec_exp(vec_load_part(x + i, n - i, 0)));
}

VEC_FUNCTION void array_tanh(real *x, size_t n) {
    size_t i = 0;
    for (; i + VEC_LANES <= n; i += VEC_LANES)
        vec_store(x + i, vec_tanh(vec_load(x + i)));
    if (i < n) vec_store_part(x + i, n - i, vec_tanh(vec_load_part(x + i, n - i, 0)));
}

VEC_FUNCTION real array_exp_sum(real *out, const real *x, size_t n, real shift) {
    if (shift == -INFINITY) shift = 0;  // or -inf - -inf would be NaN
    Vec sum[2] = {{0}};
    size_t i = 0;
    for (; i + 2 * VEC_LANES <= n; i += 2 * VEC_LANES)
        for (int v = 0; v < 2; v++) {
            Vec e = vec_exp_small(vec_load(x + i + v * VEC_LANES) - shift);
            vec_store(out + i + v * VEC_LANES, e);
            sum[v] += e;
        }
    if (i + VEC_LANES <= n) {
        Vec e = vec_exp_small(vec_load(x + i) - shift);
        vec_store(out + i, e);
        sum[0] += e;
        i += VEC_LANES;
    }
    if (i < n) {
        // e^-inf adds nothing
        Vec e = vec_exp_small(vec_load_part(x + i, n - i, -INFINITY) - shift);
        vec_store_part(out + i, n - i, e);
        sum[0] += e;
    }
    return vec_sum(sum[0] + sum[1]);
}
