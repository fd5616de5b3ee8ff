// vec_exp and vec_tanh against libm in ulps, and the functions over arrays at every
// length and alignment.
//
// An ulp of y is the distance from |y| to the next number; the reference is libm one
// precision up.
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/numeric/mat.h"
#include "common/numeric/rng.h"
#include "common/numeric/vec.h"

#ifdef REAL_IS_DOUBLE
typedef long double Wide;
#define EPS DBL_EPSILON
#define SMALLEST DBL_MIN
#define LARGEST DBL_MAX
#define next nextafter
#define nan_with nan
// glibc promises 1 and 2 beyond the rounding
static const double EXP_ULPS = 1.1, TANH_ULPS = 3;
static const double EXP_COMMON = 0, EXP_RELATIVE = 1.1 * EPS, EXP_PER_X = 0,
                    EXP_PER_X_ROUNDED = 0, EXP_SMALL_ULPS = 1.1,
                    EXP_SMALL_ULPS_ROUNDED = 1.1;
static Wide exact_exp(Wide x) { return expl(x); }
static Wide exact_tanh(Wide x) { return tanhl(x); }
#else
typedef double Wide;
#define EPS FLT_EPSILON
#define SMALLEST FLT_MIN
#define LARGEST FLT_MAX
#define next nextafterf
#define nan_with nanf
// as vec.h says
static const double EXP_ULPS = 1.1, TANH_ULPS = 1.4;
static const double EXP_COMMON = 7e-8, EXP_RELATIVE = 1.6e-7, EXP_PER_X = 1.4e-8,
                    EXP_PER_X_ROUNDED = 1.0e-7, EXP_SMALL_ULPS = 1.1,
                    EXP_SMALL_ULPS_ROUNDED = 1.2;
static Wide exact_exp(Wide x) { return exp(x); }
static Wide exact_tanh(Wide x) { return tanh(x); }
#endif

static double ulps(real got, Wide exact) {
    real rounded = (real)fabsl(exact);
    if (rounded < SMALLEST) rounded = SMALLEST;
    return fabs((double)((got - exact) / (Wide)(next(rounded, INFINITY) - rounded)));
}

static real one_exp_small(real x) { return vec_exp_small(vec_splat(x))[VEC_LANES - 1]; }
static real one_exp(real x) { return vec_exp(vec_splat(x))[VEC_LANES - 1]; }
static real one_tanh(real x) { return vec_tanh(vec_splat(x))[VEC_LANES - 1]; }

// The worst of a sweep over [first, last], `steps` steps, all lanes used.
static double worst(Vec (*function)(Vec), Wide (*exact)(Wide), double first,
                    double last, int steps) {
    double most = 0;
    for (int i = 0; i < steps; i += VEC_LANES) {
        Vec x;
        for (int lane = 0; lane < VEC_LANES; lane++)
            x[lane] = (real)(first + (last - first) * (i + lane) / steps);
        Vec y = function(x);
        for (int lane = 0; lane < VEC_LANES; lane++) {
            Wide want = exact(x[lane]);
            // flushed: below
            if (want < SMALLEST && want > -SMALLEST && exact == exact_exp) continue;
            most = fmax(most, ulps(y[lane], want));
        }
    }
    return most;
}

static Vec exp_of(Vec x) { return vec_exp(x); }
static Vec exp_small_of(Vec x) { return vec_exp_small(x); }
static Vec exp_scaled_of(Vec x) { return vec_exp_scaled(x, (Vec){0}); }
static Vec exp_inside_of(Vec x) { return vec_exp_inside(x, (Vec){0}); }
static Vec tanh_of(Vec x) { return vec_tanh(x); }

Test(vec, exp_is_within_its_bound) {
    double most = fmax(worst(exp_of, exact_exp, -87.336, 88.722, 4000000),
                       worst(exp_of, exact_exp, -1, 1, 2000000));
    cr_assert(most <= EXP_ULPS, "%g ulp", most);
    cr_assert(most > 0.4, "%g ulp: the sweep saw nothing", most);
}

Test(vec, exp_small_is_within_its_bound) {
    double most = fmax(worst(exp_small_of, exact_exp, -87.336, 88, 4000000),
                       worst(exp_small_of, exact_exp, -1, 1, 2000000));
    cr_assert(most <= (vec_fused() ? EXP_SMALL_ULPS : EXP_SMALL_ULPS_ROUNDED), "%g ulp",
              most);
    cr_assert(most > 0.4, "%g ulp: the sweep saw nothing", most);
    const real nans[] = {NAN, -(real)NAN, nan_with("1"), nan_with("255")};
    for (int i = 0; i < 4; i++)
        cr_assert(isnan(vec_exp_small(vec_splat(nans[i]))[0]), "NaN %d", i);
    cr_assert(vec_exp_small((Vec){0})[0] == 1);
    // a weight of what is hidden is 0, not merely small
    const real hidden[] = {-INFINITY, -LARGEST, -1000};
    for (int i = 0; i < 3; i++)
        cr_assert(vec_exp_small(vec_splat(hidden[i]))[0] == 0, "%g", (double)hidden[i]);
    for (real x = -87; x > -746; x *= (real)1.0001) {
        real y = vec_exp_small(vec_splat(x))[0];
        cr_assert(y >= 0 && y < (real)2e-38, "e^%g = %g", (double)x, (double)y);
    }
}

// Relative to the exact value without the common factor, and to the bound that grows with
// |x|.
static double worst_share(Vec (*function)(Vec), double first, double last, int steps) {
    double most = 0, per_x = vec_fused() ? EXP_PER_X : EXP_PER_X_ROUNDED;
    for (int i = 0; i < steps; i++) {
        real x = (real)(first + (last - first) * i / steps);
        double exact = (double)exact_exp(x) * (1 - EXP_COMMON),
               error = fabs((double)function(vec_splat(x))[i % VEC_LANES] / exact - 1);
        most = fmax(most, error / (EXP_RELATIVE + per_x * fabs((double)x)));
    }
    return most;
}

Test(vec, exp_scaled_is_within_its_bound) {
    double most = fmax(worst_share(exp_scaled_of, -86.9, 88, 400000),
                       worst_share(exp_scaled_of, -1, 1, 400000)),
           inside = worst_share(exp_inside_of, -86.9, 88, 400000);
    cr_assert(most <= 1 && inside <= 1, "%g, %g times the bound", most, inside);
    cr_assert(most > 0.3, "%g: the sweep saw nothing", most);
}

Test(vec, exp_scaled_at_the_edges) {
    const real nans[] = {NAN, -(real)NAN, nan_with("1"), nan_with("255")};
    for (int i = 0; i < 4; i++)
        cr_assert(isnan(vec_exp_scaled(vec_splat(nans[i]), (Vec){0})[0]), "NaN %d", i);
    cr_assert(vec_exp_scaled((Vec){0}, (Vec){0})[0] == 1);
    // a weight of what is hidden is 0, not merely small; for any power
    const real hidden[] = {-INFINITY, -LARGEST, -(real)1e7};
    for (int i = 0; i < 3; i++)
        for (real p = -0x1p21; p <= 0x1p21; p += (real)(0x1p16 + 1))
            cr_assert(vec_exp_scaled(vec_splat(hidden[i]), vec_splat(p))[0] == 0,
                      "%g %g", (double)hidden[i], (double)p);
    for (real x = -87; x > -746; x *= (real)1.0001) {
        real y = vec_exp_scaled(vec_splat(x), (Vec){0})[0];
        cr_assert(y >= 0 && y < (real)2e-38, "e^%g = %g", (double)x, (double)y);
    }
}

// Functions of their own: within one the compiler may fuse one use of a product with its
// sum, and not another.
__attribute__((noinline)) static real one_inside(real x, real p) {
    return vec_exp_inside(vec_splat(x), vec_splat(p))[0];
}
__attribute__((noinline)) static real one_scaled(real x, real p) {
    return vec_exp_scaled(vec_splat(x), vec_splat(p))[0];
}

// A power of two changes the exponent, and no digit.
Test(vec, exp_scaled_keeps_the_digits) {
    for (int p = -60; p <= 60; p += 7)
        for (int i = 0; i < 6000; i++) {
            real x = (real)(-40 + 0.0133 * i), inside = one_inside(x, (real)p),
                 scaled = one_scaled(x, (real)p),
                 want = (real)ldexp((double)one_inside(x, 0), -p);
            cr_assert(inside == want && (scaled == want || (double)want < 1e-37),
                      "e^%g 2^-%d: %a %a, not %a", (double)x, p, (double)inside,
                      (double)scaled, (double)want);
        }
}

Test(vec, round_is_to_the_nearest) {
    const real x[] = {0, -(real)0.4, (real)0.6, -(real)2.5, 1000000, -(real)1234567.25};
    const real want[] = {0, 0, 1, -2, 1000000, -1234567};
    for (int i = 0; i < 6; i++) cr_assert(vec_round(vec_splat(x[i]))[0] == want[i]);
}

Test(vec, tanh_is_within_its_bound) {
    double most = fmax(worst(tanh_of, exact_tanh, -10, 10, 4000000),
                       worst(tanh_of, exact_tanh, -1, 1, 2000000));
    for (double x = 1e-30; x < 1; x *= 1.01)
        most = fmax(most, ulps(one_tanh((real)x), exact_tanh((real)x)));
    cr_assert(most <= TANH_ULPS, "%g ulp", most);
}

Test(vec, exp_at_the_edges) {
    cr_assert(one_exp(0) == 1);
    cr_assert(one_exp(-(real)0) == 1);
    cr_assert(one_exp(-INFINITY) == 0 && !signbit(one_exp(-INFINITY)));
    cr_assert(one_exp(INFINITY) == (real)INFINITY);
    cr_assert(isnan(one_exp(NAN)));
    cr_assert(isnan(one_exp(-(real)NAN)));
    // with low bits set
    cr_assert(isnan(one_exp(nan_with("1"))) && isnan(one_exp(nan_with("255"))));
    cr_assert(one_exp(LARGEST) == (real)INFINITY && one_exp(-LARGEST) == 0);
    cr_assert(one_exp(SMALLEST) == 1 && one_exp(-SMALLEST) == 1);
    // The last that is finite, the first that is not; the last that is normal, the
    // first that is flushed.
    real top = (real)log((double)LARGEST), bottom = (real)log((double)SMALLEST);
    for (int i = 0; i < 100; i++) {
        Wide exact = exact_exp(top);
        if (exact <= LARGEST) cr_assert(ulps(one_exp(top), exact) <= EXP_ULPS);
        else cr_assert(one_exp(top) == (real)INFINITY, "%.9g", (double)top);
        exact = exact_exp(bottom);
        if (exact >= SMALLEST)
            cr_assert(ulps(one_exp(bottom), exact) <= EXP_ULPS, "%.9g", (double)bottom);
        else
            cr_assert(one_exp(bottom) == 0 || sizeof(real) == sizeof(double), "%.9g",
                      (double)bottom);
        top = next(top, i < 50 ? INFINITY : 0),
        bottom = next(bottom, i < 50 ? -INFINITY : 0);
    }
    for (real x = sizeof x == sizeof(float) ? -88 : -746; x > -1e6; x *= (real)1.01)
        cr_assert(one_exp(x) == 0);
    for (real x = 710; x < 1e6; x *= (real)1.01)
        cr_assert(one_exp(x) == (real)INFINITY);
}

Test(vec, tanh_at_the_edges) {
    cr_assert(one_tanh(0) == 0 && !signbit(one_tanh(0)));
    cr_assert(one_tanh(-(real)0) == 0 && signbit(one_tanh(-(real)0)));
    cr_assert(one_tanh(INFINITY) == 1 && one_tanh(-INFINITY) == -1);
    cr_assert(one_tanh(LARGEST) == 1 && one_tanh(40) == 1 && one_tanh(-40) == -1);
    cr_assert(isnan(one_tanh(NAN)));
    cr_assert(one_tanh(SMALLEST) == SMALLEST);
    for (real x = (real)1e-6; x < 50; x *= (real)1.001) {
        cr_assert(one_tanh(-x) == -one_tanh(x));
        cr_assert(one_tanh(x) <= 1);
    }
}

enum { LONGEST = 300 };

Test(vec, arrays_of_every_length_and_alignment) {
    Rng rng = rng_new(1);
    for (int n = 0; n <= LONGEST; n++) {
        size_t count = (size_t)n;
        // On the heap, exactly n long after 1 .. 3: ASan sees a step over the end.
        size_t offset = 1 + count % 3;
        real *memory = malloc((offset + count) * sizeof *memory), *x = memory + offset;
        real *other = malloc((offset + count) * sizeof *memory), *y = other + offset;
        for (size_t i = 0; i < offset; i++) memory[i] = other[i] = 777;
        Wide sum = 0, size = 0, dot = 0, dot_size = 0;
        real most = -INFINITY;
        for (int i = 0; i < n; i++) {
            x[i] = (real)rng_normal(&rng), y[i] = (real)rng_normal(&rng);
            sum += x[i], size += fabs((double)x[i]);
            dot += (Wide)x[i] * y[i], dot_size += fabs((double)x[i] * (double)y[i]);
            if (x[i] > most) most = x[i];
        }
        cr_assert(array_max(x, count) == most, "n = %d", n);
        // n additions, each off by half an ulp of a partial sum
        cr_assert(fabs((double)(array_sum(x, count) - sum))
                      <= n * (double)EPS / 2 * (double)size,
                  "n = %d", n);
        cr_assert(fabs((double)(array_dot(x, y, count) - dot))
                  <= (n + 1) * (double)EPS / 2 * (double)dot_size);

        real shift = n ? most : 0;
        Wide total = 0;
        real got = array_exp_sum(y, x, count, shift);
        for (int i = 0; i < n; i++) {
            cr_assert(y[i] == one_exp_small(x[i] - shift),
                      "n = %d, i = %d: the place must not matter", n, i);
            total += y[i];
        }
        cr_assert(fabs((double)(got - total)) <= n * (double)EPS / 2 * (double)total,
                  "n = %d", n);
        if (n) memcpy(y, x, count * sizeof *y);
        cr_assert(array_exp_sum(y, y, count, shift) == got, "n = %d: in place", n);

        if (n) memcpy(y, x, count * sizeof *y);
        array_exp(y, count);
        for (int i = 0; i < n; i++) cr_assert(y[i] == one_exp(x[i]));
        if (n) memcpy(y, x, count * sizeof *y);
        array_tanh(y, count);
        for (int i = 0; i < n; i++) cr_assert(y[i] == one_tanh(x[i]));
        for (size_t i = 0; i < offset; i++)
            cr_assert(memory[i] == 777 && other[i] == 777);
        free(memory);
        free(other);
    }
}

Test(vec, max_in_every_place) {
    real x[LONGEST];
    for (size_t n = 1; n <= LONGEST; n += 7)
        for (size_t place = 0; place < n; place++) {
            for (size_t i = 0; i < n; i++) x[i] = i % 5 == 4 ? NAN : -(real)2;
            x[place] = -1;
            cr_assert(array_max(x, n) == -1, "n = %zu, place = %zu", n, place);
        }
    for (size_t n = 0; n < 100; n++) {
        for (size_t i = 0; i < n; i++) x[i] = -INFINITY;
        cr_assert(array_max(x, n) == -(real)INFINITY);
    }
}

Test(vec, finite_in_every_place) {
    const real bad[] = {(real)INFINITY, -(real)INFINITY, (real)NAN};
    real x[67] = {0};
    for (size_t n = 0; n <= 67; n++) {
        for (size_t i = 0; i < n; i++) x[i] = i % 2 ? LARGEST : -LARGEST;
        cr_assert(array_finite(x, n));
        for (size_t i = 0; i < n; i++) {
            real good = x[i];
            x[i] = bad[i % 3];
            cr_assert(!array_finite(x, n), "%zu of %zu", i, n);
            x[i] = good;
        }
    }
}

Test(vec, masked_softmax) {
    real x[77], out[77];
    for (int i = 0; i < 77; i++) x[i] = -INFINITY;
    // fully masked: zeros, not NaN
    cr_assert(array_exp_sum(out, x, 77, array_max(x, 77)) == 0);
    for (int i = 0; i < 77; i++) cr_assert(out[i] == 0);
    x[70] = 3;
    cr_assert(array_exp_sum(out, x, 77, array_max(x, 77)) == 1);
    for (int i = 0; i < 77; i++) cr_assert(out[i] == (i == 70));
    x[5] = NAN;
    cr_assert(isnan(array_exp_sum(out, x, 77, array_max(x, 77))));
    cr_assert(isnan(out[5]) && out[70] == 1);
}

Test(vec, four_sums_are_each_by_itself) {
    Rng rng = rng_new(8);
    real lanes[4][VEC_LANES], sums[4];
    Vec v[4];
    for (int round = 0; round < 100; round++) {
        for (int i = 0; i < 4; i++) {
            for (int k = 0; k < VEC_LANES; k++) lanes[i][k] = (real)rng_normal(&rng);
            v[i] = vec_load(lanes[i]);
        }
        vec_sums(sums, v);
        for (int i = 0; i < 4; i++) {
            real want = vec_sum(v[i]);
            cr_assert(sums[i] == want);
            // the tree, lane by lane
            for (int half = VEC_LANES / 2; half > 0; half /= 2)
                for (int k = 0; k < half; k++) lanes[i][k] += lanes[i][k + half];
            cr_assert(want == lanes[i][0]);
        }
    }
}
