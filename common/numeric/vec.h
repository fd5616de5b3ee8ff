// Wide arithmetic: Vec is VEC_LANES reals that are added, multiplied and compared in
// one instruction.
//
//     Vec y = vec_load(p) * 2 + vec_splat(1);      + - * / work lane by lane (GNU C, gcc and clang)
//     VecInt small = vec_abs(y) < 1;               a comparison gives -1 (all bits) or 0 in each lane
//     y = vec_select(small, y, vec_splat(1));      lane by lane: small ? y : 1
//
// No intrinsics: the compiler picks the instructions for the machine it is told to
// build for.
//
// e^x for float (Cody and Waite's method, "Software Manual for the Elementary
// Functions", 1980):
//
//     e^x = 2^n e^r,    n = round(x / ln 2),    r = x - n ln 2,    |r| <= ln(2) / 2 = 0.3466
//
//   n     by adding and subtracting 1.5 * 2^23: a float of that size has no room for a fraction. So the
//         sum's low bits *are* n. (Safe only because we never compile with -ffast-math: it cancels that.)
//   r     in two steps, with ln 2 = LN2_HIGH + LN2_LOW; LN2_HIGH has 9 bits, so that n * LN2_HIGH is exact.
//   e^r   = 1 + r + r^2 q(r), with q of degree 4 from Remez' algorithm; relative error below 4e-9.
//   2^n   is added to the exponent bits of e^r.
//
// Error: at most 1.1 ulp (vec_exp, vec_exp_small), 1.4 ulp (vec_tanh), over all floats;
// test_vec.c sweeps them. Results below the smallest normal number (x < -87.33) are flushed to 0:
// a denormal would cost a hundred cycles, and a softmax has no use for one. e^-inf = 0,
// e^inf = e^88.73 = inf, NaN stays NaN. With real = double both functions call libm
// lane by lane.
//
// The functions over arrays take any n and any alignment, read and write nothing
// outside [0, n), and give the same bits on every call (sums depend on VEC_LANES, so on
// the machine one builds for).
#pragma once
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "common/numeric/mat.h"

#if defined __AVX512F__
#define VEC_BYTES 64
#elif defined __AVX__
#define VEC_BYTES 32
#else
#define VEC_BYTES 16
#endif

#ifdef REAL_IS_DOUBLE
#define VEC_LANES (VEC_BYTES / 8)
typedef int64_t VecInt __attribute__((vector_size(VEC_BYTES)));
typedef uint64_t VecBits __attribute__((vector_size(VEC_BYTES)));
#else
#define VEC_LANES (VEC_BYTES / 4)
typedef int32_t VecInt __attribute__((vector_size(VEC_BYTES)));
// VecInt whose overflow is defined
typedef uint32_t VecBits __attribute__((vector_size(VEC_BYTES)));
#endif
typedef real Vec __attribute__((vector_size(VEC_BYTES)));

#define VEC_INLINE static inline __attribute__((always_inline))

// clang splits 64-byte vectors in two on some machines; a function that lives on them
// says so here.
#ifdef __clang__
#define VEC_FUNCTION __attribute__((min_vector_width(VEC_BYTES * 8)))
#else
#define VEC_FUNCTION
#endif

// p need not be aligned. memcpy of a fixed size is one load or store.
VEC_INLINE Vec vec_load(const real *p) {
    Vec v;
    memcpy(&v, p, sizeof v);
    return v;
}
VEC_INLINE void vec_store(real *p, Vec v) { memcpy(p, &v, sizeof v); }

// x - 0 is x, for x = -0 as well
VEC_INLINE Vec vec_splat(real x) { return x - (Vec){0}; }

VEC_INLINE Vec vec_select(VecInt mask, Vec yes, Vec no) {
    return (Vec)((mask & (VecInt)yes) | (~mask & (VecInt)no));
}
// NaN in x is passed over: max(y, NaN) = y.
VEC_INLINE Vec vec_max(Vec y, Vec x) { return vec_select(x > y, x, y); }

VEC_INLINE VecInt vec_sign_bits(Vec x) {
    return (VecInt)x & (VecInt)vec_splat(-(real)0);
}
// To the nearest whole number, of |x| < 2^22 (or 2^51): a number as large as the one added
// has no room for a fraction.
VEC_INLINE Vec vec_round(Vec x) {
    const real ROUNDER = sizeof(real) == 4 ? 0x1.8p23f : 0x1.8p52;
    return x + ROUNDER - ROUNDER;
}
VEC_INLINE Vec vec_abs(Vec x) { return (Vec)((VecInt)x ^ vec_sign_bits(x)); }

// Whether x * y + z is rounded once where this is compiled. The processor, the compiler
// and how far it optimises decide (gcc fuses from -O2 on): no macro knows.
VEC_INLINE bool vec_fused(void) {
    volatile real hidden = sizeof(real) == 4 ? 0x1p-12 : 0x1p-27;
    real tiny = hidden;
    // x * x = 1 + 2 tiny + tiny^2, of which a rounded product has lost the last
    Vec x = vec_splat(1 + tiny), rounded = vec_splat(1 + 2 * tiny);
    return (x * x - rounded)[0] != 0;
}

// The lanes added as a tree: (0 + n/2), (1 + n/2 + 1), ... and again, until one is left.
// Halves are vectors too: lane by lane it would take ten times as long.
#if VEC_LANES > 2
typedef real VecOf4 __attribute__((vector_size(4 * sizeof(real))));
#define VEC_SHUFFLE(...) __builtin_shufflevector(__VA_ARGS__)
VEC_INLINE VecOf4 vec_sum_to_4(Vec v) {
#if VEC_LANES == 16
    typedef real VecOf8 __attribute__((vector_size(8 * sizeof(real))));
    VecOf8 w = VEC_SHUFFLE(v, v, 0, 1, 2, 3, 4, 5, 6, 7)
               + VEC_SHUFFLE(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
#else
    Vec w = v;
#endif
#if VEC_LANES == 4
    return w;
#else
    return VEC_SHUFFLE(w, w, 0, 1, 2, 3) + VEC_SHUFFLE(w, w, 4, 5, 6, 7);
#endif
}
VEC_INLINE real vec_sum(Vec v) {
    VecOf4 w = vec_sum_to_4(v);
    w += VEC_SHUFFLE(w, w, 2, 3, 0, 1);
    return w[0] + w[1];
}
// to[i] = vec_sum(v[i]), four at a time: the same bits, half of the work.
VEC_INLINE void vec_sums(real *to, const Vec v[4]) {
    VecOf4 a = vec_sum_to_4(v[0]), b = vec_sum_to_4(v[1]), c = vec_sum_to_4(v[2]),
           d = vec_sum_to_4(v[3]);
    VecOf4 ab = VEC_SHUFFLE(a, b, 0, 1, 4, 5) + VEC_SHUFFLE(a, b, 2, 3, 6, 7),
           cd = VEC_SHUFFLE(c, d, 0, 1, 4, 5) + VEC_SHUFFLE(c, d, 2, 3, 6, 7);
    VecOf4 all = VEC_SHUFFLE(ab, cd, 0, 2, 4, 6) + VEC_SHUFFLE(ab, cd, 1, 3, 5, 7);
    memcpy(to, &all, sizeof all);
}
#undef VEC_SHUFFLE
#else
VEC_INLINE real vec_sum(Vec v) { return v[0] + v[1]; }
VEC_INLINE void vec_sums(real *to, const Vec v[4]) {
    for (int i = 0; i < 4; i++) to[i] = vec_sum(v[i]);
}
#endif

// Two vectors mixed: x0 y0 x1 y1 ... (the lower halves, the upper halves), and the way back:
// x0 x2 ... y0 y2 ... and x1 x3 ... y1 y3 ...
#if VEC_LANES == 16
#define VEC_ZIP_LOW_LANES 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define VEC_ZIP_HIGH_LANES 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define VEC_EVEN_LANES 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define VEC_ODD_LANES 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#elif VEC_LANES == 8
#define VEC_ZIP_LOW_LANES 0, 8, 1, 9, 2, 10, 3, 11
#define VEC_ZIP_HIGH_LANES 4, 12, 5, 13, 6, 14, 7, 15
#define VEC_EVEN_LANES 0, 2, 4, 6, 8, 10, 12, 14
#define VEC_ODD_LANES 1, 3, 5, 7, 9, 11, 13, 15
#elif VEC_LANES == 4
#define VEC_ZIP_LOW_LANES 0, 4, 1, 5
#define VEC_ZIP_HIGH_LANES 2, 6, 3, 7
#define VEC_EVEN_LANES 0, 2, 4, 6
#define VEC_ODD_LANES 1, 3, 5, 7
#else
#define VEC_ZIP_LOW_LANES 0, 2
#define VEC_ZIP_HIGH_LANES 1, 3
#define VEC_EVEN_LANES 0, 2
#define VEC_ODD_LANES 1, 3
#endif
VEC_INLINE Vec vec_zip_low(Vec x, Vec y) {
    return __builtin_shufflevector(x, y, VEC_ZIP_LOW_LANES);
}
VEC_INLINE Vec vec_zip_high(Vec x, Vec y) {
    return __builtin_shufflevector(x, y, VEC_ZIP_HIGH_LANES);
}
VEC_INLINE Vec vec_even(Vec x, Vec y) {
    return __builtin_shufflevector(x, y, VEC_EVEN_LANES);
}
VEC_INLINE Vec vec_odd(Vec x, Vec y) {
    return __builtin_shufflevector(x, y, VEC_ODD_LANES);
}

// Lanes 0 .. n-1 from p, `rest` in the others; and the way back. For the last, partial
// vector of an array.
VEC_INLINE Vec vec_load_part(const real *p, size_t n, real rest) {
    real lanes[VEC_LANES];
    for (size_t i = 0; i < VEC_LANES; i++) lanes[i] = i < n ? p[i] : rest;
    return vec_load(lanes);
}
VEC_INLINE void vec_store_part(real *p, size_t n, Vec v) {
    for (size_t i = 0; i < n; i++) p[i] = v[i];
}

#ifdef REAL_IS_DOUBLE

VEC_INLINE Vec vec_exp(Vec x) {
    for (int i = 0; i < VEC_LANES; i++) x[i] = exp(x[i]);
    return x;
}
VEC_INLINE Vec vec_exp_small(Vec x) { return vec_exp(x); }
// p changes no digit; but e^x alone must be neither infinite nor 0.
VEC_INLINE Vec vec_exp_scaled(Vec x, Vec p) {
    for (int i = 0; i < VEC_LANES; i++)
        x[i] =
            fabs(x[i]) < 600 ? ldexp(exp(x[i]), -(int)p[i]) : exp(x[i] - p[i] * M_LN2);
    return x;
}
VEC_INLINE Vec vec_exp_inside(Vec x, Vec p) { return vec_exp_scaled(x, p); }
VEC_INLINE Vec vec_tanh(Vec x) {
    for (int i = 0; i < VEC_LANES; i++) x[i] = tanh(x[i]);
    return x;
}

#else

// r, and q(r), as above.
VEC_INLINE Vec exp_rest(Vec x, Vec n) {
    const float LN2_HIGH = 355.0f / 512, LN2_LOW = -2.12194440e-4f;
    return x - n * LN2_HIGH - n * LN2_LOW;
}
VEC_INLINE Vec exp_polynomial(Vec r) {
    return (((0.001381459865f * r + 0.00836871688f) * r + 0.04166838805f) * r
            + 0.1666652063f)
               * r
           + 0.4999999345f;
}

VEC_INLINE Vec vec_exp(Vec x) {
    const float ROUNDER = 0x1.8p23f;
    Vec rounded = x * 1.44269504f + ROUNDER, r = exp_rest(x, rounded - ROUNDER);
    Vec power = exp_polynomial(r) * (r * r) + r + 1;
    // the shift drops all of ROUNDER's own bits
    power = (Vec)((VecBits)power + ((VecBits)rounded << 23));
    // ln of the smallest normal
    power = vec_select(x < -0x1.5d589ep6f, (Vec){0}, power);
    // ln of the largest finite
    power = vec_select(x > 0x1.62e42ep6f, vec_splat(INFINITY), power);
    // NaN's bits were mangled above
    return vec_select(x == x, power, x);
}

// e^x for x <= 88: 16 instructions where vec_exp has 22, with the same bound (1.2 ulp
// without fused multiply-adds). A softmax, which subtracts the maximum first, needs no
// more. 0 below -87.7; a few results before that are denormal.
VEC_INLINE Vec vec_exp_small(Vec x) {
    // 127 more: the sum's low bits, shifted, are the exponent field of 2^n itself, and
    // of 0 where n = -127, which no smaller x gets below
    const float ROUNDER = 0x1.8p23f + 127, LEAST = -127 * 0.693147182f;
    x = vec_select(x < LEAST, vec_splat(LEAST), x);
    Vec rounded = x * 1.44269504f + ROUNDER, r = exp_rest(x, rounded - ROUNDER);
    Vec power = (exp_polynomial(r) * r + 1) * r + 1;
    return power * (Vec)((VecBits)rounded << 23);
}

// e^x 2^-p, for whole numbers p between -2^21 and 2^21, and results between 2^-126 and
// 2^126: 10 instructions where vec_exp has 22.
//
//     e^x = 2^n 2^r,      n = round(x / ln 2),      r = x / ln 2 - n,      |r| <= 1/2
//
// r is made in one step: x / ln 2 is not rounded before n is subtracted. The polynomial is
// Remez' of degree 5 for 2^r, divided by its first coefficient. p is subtracted from n:
// the same x gives the same digits for every p.
//
// All results are too small by the same factor 1 - 7e-8, which a softmax divides out
// again. But for that, their relative error is at most 1.6e-7 + 1.4e-8 |x| (1e-7 |x|
// without fused multiply-adds).
VEC_INLINE Vec vec_exp_inside(Vec x, Vec p) {
    // 127 more: the sum's low bits, shifted, are the exponent field of 2^(n - p)
    const float LOG2_E = 1.44269504f, ROUNDER = 0x1.8p23f + 127;
    Vec rounder = ROUNDER - p, rounded = x * LOG2_E + rounder,
        r = x * LOG2_E - (rounded - rounder);
    Vec power =
        ((((0.00132764712f * r + 0.00967554064f) * r + 0.0555071288f) * r + 0.24022118f)
             * r
         + 0.69314692f)
            * r
        + 1;
    return power * (Vec)((VecBits)rounded << 23);
}

// The same for all results below 2^126: 0 for those below about 2^-127, where the
// exponent field is 0.
VEC_INLINE Vec vec_exp_scaled(Vec x, Vec p) {
    Vec least = (p - 127) * 0.693147182f;
    return vec_exp_inside(vec_select(x < least, least, x), p);
}

// Near 0 the odd polynomial of Cephes' tanhf, beyond 0.625 1 - 2 / (e^2x + 1), which
// does not cancel there.
VEC_INLINE Vec vec_tanh(Vec x) {
    Vec y = vec_abs(x), z = y * y;
    Vec p = (((-5.70498872745e-3f * z + 2.06390887954e-2f) * z - 5.37397155531e-2f) * z
             + 1.33314422036e-1f)
                * z
            - 3.33332819422e-1f;
    Vec near = p * z * y + y;
    Vec far = 1 - 2 / (vec_exp(y + y) + 1);
    Vec t = vec_select(y < 0.625f, near, far);
    return (Vec)((VecInt)t | vec_sign_bits(x));
}

#endif

// -INFINITY for n = 0; NaNs are passed over
real array_max(const real *x, size_t n);
real array_sum(const real *x, size_t n);
real array_dot(const real *x, const real *y, size_t n);  // sum of x[i] y[i]
bool array_finite(const real *x, size_t n);              // no NaN, no infinity
void array_exp(real *x, size_t n);                       // x[i] = e^x[i]
void array_tanh(real *x, size_t n);

// out[i] = e^(x[i] - shift); returns their sum. With shift = array_max(x, n) this is
// the softmax, but for a division. A shift of -INFINITY (every x is -INFINITY: a fully
// masked row) gives zeros and the sum 0. out may be x. No x[i] - shift may be above 88.
real array_exp_sum(real *out, const real *x, size_t n, real shift);
