#include "ch06_flash/tile_softmax.h"

#include <math.h>

// From here on the maximum is subtracted from scores. Farther than 2^20 a score may have no
// fraction, and z would soon not be exact. Without fused multiply-adds s / ln 2 is rounded,
// which is an error of 1e-7 s.
static real far_away(void) { return vec_fused() ? 0x1p20 : 32; }

TileSoftmax tile_softmax_new(bool small) {
    TileSoftmax t = {.small = small, .far = far_away()};
    for (int v = 0; v < TILE_VECS; v++)
        t.max[v] = vec_splat(-(real)INFINITY), t.factor[v] = vec_splat(1);
    return t;
}

// The largest of each lane of p and of `most`. Three chains of comparisons, since each
// waits for the one before it.
VEC_INLINE Vec lanes_max(Vec most, const real *p, int count) {
    Vec chain[3] = {most, most, most};
    for (int j = 0; j < count; j += 3)
        for (int i = 0; i < 3; i++)
            chain[i] = vec_max(chain[i], vec_load(p + (j + i) * TILE_COLS));
    return vec_max(vec_max(chain[0], chain[1]), chain[2]);
}

VEC_FUNCTION static void raise(TileSoftmax *t, const real *p, int count) {
    for (int v = 0; v < TILE_VECS; v++) {
        VecInt none = t->max[v] == -INFINITY;  // seen before: z says nothing
        t->max[v] = lanes_max(t->max[v], p + v * VEC_LANES, count);
        // -inf - -inf would be NaN
        Vec most = vec_select(t->max[v] == -INFINITY, (Vec){0}, t->max[v]),
            base = vec_select(vec_abs(most) > t->far, most, (Vec){0}),
            power = vec_round((most - base) * (real)M_LOG2E);
        t->factor[v] = vec_select(
            none, vec_splat(1), vec_exp_scaled(t->base[v] - base, power - t->power[v]));
        t->sum[v] *= t->factor[v];
        t->base[v] = base, t->power[v] = power;
    }
}

// Of one vector's lanes: p becomes the exponentials, whose sum is returned.
VEC_INLINE Vec exp_sum(real *p, int count, Vec base, Vec power, const bool inside) {
    Vec sum = {0};
    for (int j = 0; j < count; j++) {
        Vec x = vec_load(p + j * TILE_COLS) - base,
            e = inside ? vec_exp_inside(x, power) : vec_exp_scaled(x, power);
        vec_store(p + j * TILE_COLS, e);
        sum += e;
    }
    return sum;
}

VEC_FUNCTION void tile_softmax_see(TileSoftmax *t, real *p, int count, bool open) {
    if (!t->small) raise(t, p, count);
    for (int v = 0; v < TILE_VECS; v++, p += VEC_LANES)
        t->sum[v] += t->small && open
                         ? exp_sum(p, count, (Vec){0}, (Vec){0}, true)
                         : exp_sum(p, count, t->base[v], t->power[v], false);
}

VEC_FUNCTION void tile_softmax_shares(Vec share[TILE_VECS], const TileSoftmax *t) {
    for (int v = 0; v < TILE_VECS; v++)
        share[v] = vec_select(t->sum[v] == 0, (Vec){0}, 1 / t->sum[v]);
}

real tile_softmax_log(const TileSoftmax *t, int lane) {
    int v = lane / VEC_LANES, i = lane % VEC_LANES;
    return (real)(t->base[v][i] + t->power[v][i] * M_LN2 + log((double)t->sum[v][i]));
}

VEC_INLINE void exp_again(real *p, int count, const Vec lse[TILE_VECS],
                          const bool inside) {
    for (int j = 0; j < count; j++)
        for (int v = 0; v < TILE_VECS; v++, p += VEC_LANES) {
            Vec x = vec_load(p) - lse[v];
            vec_store(
                p, inside ? vec_exp_inside(x, (Vec){0}) : vec_exp_scaled(x, (Vec){0}));
        }
}

VEC_FUNCTION void tile_softmax_again(real *p, int count, const Vec lse[TILE_VECS],
                                     bool small, bool open) {
    if (small && open) exp_again(p, count, lse, true);
    else exp_again(p, count, lse, false);
}
