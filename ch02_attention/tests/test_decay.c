// A9 - A12: the decay bound, the cosine sum, and interpolation's bounds, with what must
// break them.
#include <complex.h>
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "ch02_attention/decay.h"
#include "ch02_attention/interpolation.h"
#include "ch02_attention/rope.h"
#include "common/numeric/least_squares.h"
#include "common/numeric/rng.h"

enum { HALF = 64 };

static void angles(double *theta, double base) {
    rope_frequencies(theta, &(Rope){.dim = 2 * HALF, .base = base});
}

Test(decay, table) {
    static const int s[] = {0, 1, 8, 64, 250, 1024, 2048, 4096, 16384};
    static const double bound[] = {32.500, 31.538, 19.817, 10.090, 6.548,
                                   4.024,  3.619,  4.883,  5.111};
    static const double sum[] = {1,      .97021, .71438,  .47688, .30706,
                                 .20444, .11928, -.05285, -.14228};
    double theta[HALF];
    angles(theta, 1e4);
    for (int i = 0; i < 9; i++) {
        cr_assert(fabs(rope_decay_bound(theta, HALF, s[i]) - bound[i]) < 1e-3);
        cr_assert(fabs(rope_cosine_sum(theta, HALF, s[i]) - sum[i]) < 1e-5);
    }
    double planted[HALF];  // theta = b^(-i/d), half the exponent
    for (int i = 0; i < HALF; i++) planted[i] = pow(1e4, -(double)i / (2 * HALF));
    cr_assert(fabs(rope_decay_bound(planted, HALF, 250) - bound[4]) > 0.1);
}

Test(decay, bound_holds_and_is_attained) {
    Rng rng = rng_new(1);
    double theta[HALF];
    double complex h[HALF];
    angles(theta, 1e4);
    for (int s = 0; s < 5000; s = 2 * s + 1) {
        double bound = HALF * rope_decay_bound(theta, HALF, s);
        for (int draw = 0; draw < 20; draw++) {
            for (int i = 0; i < HALF; i++)
                h[i] = rng_normal(&rng) + I * rng_normal(&rng);
            cr_assert(rope_score_size(h, theta, HALF, s)
                      <= rope_largest_step(h, HALF) * bound * (1 + 1e-12));
        }
        rope_bound_adversary(h, theta, HALF, s);
        cr_assert(fabs(rope_largest_step(h, HALF) - 1) < 1e-12);
        cr_assert(fabs(rope_score_size(h, theta, HALF, s) / bound - 1) < 1e-12);
    }
    // planted: the boundary term |h_{n-1}| left out of the maximum. Constant h then has
    // no steps, but a score.
    for (int i = 0; i < HALF; i++) h[i] = 1;
    double inner = 0;
    for (int i = 0; i + 1 < HALF; i++) inner = fmax(inner, cabs(h[i + 1] - h[i]));
    cr_assert(rope_score_size(h, theta, HALF, 100)
              > inner * HALF * rope_decay_bound(theta, HALF, 100) + 1);
}

// The closed form at s = 1 is 1 - gamma / ln b - 1/d. A second source for gamma: the
// harmonic numbers, H_n - ln n = gamma + 1/2n - 1/12n^2 + 1/120n^4 - ...
Test(decay, euler_s_constant) {
    const int n = 1000;
    double harmonic = 0, base = 1e4, dim = 128;
    for (int k = n; k >= 1; k--) harmonic += 1.0 / k;
    double gamma = harmonic - log(n) - 1 / (2.0 * n) + 1 / (12.0 * n * n),
           ours = (1 - 1 / dim - rope_closed_form(base, (int)dim, 1)) * log(base);
    cr_assert(fabs(ours - gamma) < 1e-12, "%.15f, not %.15f", ours, gamma);
}

Test(decay, octave_means_and_jitter) {
    static const double bases[] = {1e4, 5e5};
    for (int b = 0; b < 2; b++) {
        double theta[HALF], without_gamma = 0, largest = 0, pointwise = 0;
        angles(theta, bases[b]);
        for (int s = 8; 2 * s <= bases[b] / 8; s *= 2) {
            double sum = 0, form = 0;
            for (int t = s; t < 2 * s; t++) {
                sum += rope_cosine_sum(theta, HALF, t),
                    form += rope_closed_form(bases[b], 2 * HALF, t);
                pointwise =
                    fmax(pointwise, fabs(rope_cosine_sum(theta, HALF, t)
                                         - rope_closed_form(bases[b], 2 * HALF, t)));
            }
            largest = fmax(largest, fabs(sum - form) / s);
            without_gamma =
                fmax(without_gamma, fabs(sum - form - s * 0.5772 / log(bases[b])) / s);
        }
        cr_assert(largest < 0.01, "%g", largest);
        cr_assert(without_gamma > 0.03);  // planted: Euler's constant forgotten
        cr_assert(pointwise > 0.05);      // and never to be tested at one distance
        double squares = 0;
        for (int s = 4096; s < 8192; s++) {
            double step =
                rope_cosine_sum(theta, HALF, s + 1) - rope_cosine_sum(theta, HALF, s);
            squares += step * step;
        }
        cr_assert(fabs(sqrt(squares / 4096) / rope_jitter(theta, HALF) - 1) < 0.005);
    }
}

static double window_mean(const double *theta, int from, int to) {
    double sum = 0;
    for (int s = from; s < to; s++) sum += rope_cosine_sum(theta, HALF, s);
    return sum / (to - from);
}

Test(decay, a_larger_base_raises_the_level_and_not_the_jitter) {
    double low[HALF], high[HALF], planted[HALF];
    angles(low, 1e4), angles(high, 5e5);
    rope_frequencies(
        planted,
        &(Rope){
            .dim = 2 * HALF, .base = 1e4, .scaling = ROPE_SCALING_PI, .factor = 50});
    double ratio = window_mean(high, 1024, 2048) / window_mean(low, 1024, 2048);
    cr_assert(ratio > 2.5 && ratio < 3.3);
    cr_assert(fabs(rope_jitter(low, HALF) - 0.0216) < 1e-4
              && fabs(rope_jitter(high, HALF) - 0.0186) < 1e-4);
    // planted: positions divided by 50 instead of a base times 50. It raises the level,
    // but takes the jitter with it.
    cr_assert(rope_jitter(planted, HALF) < 0.05 * rope_jitter(low, HALF));
    cr_assert(rope_cosine_sum(low, HALF, 1706) >= 0
              && rope_cosine_sum(low, HALF, 1707) < 0);
    cr_assert(rope_cosine_sum(high, HALF, 18437) >= 0
              && rope_cosine_sum(high, HALF, 18438) < 0);
}

// ---- interpolation

static double deviation(const double complex *h, const double *theta, int n, double s1,
                        double fraction) {
    double at[3], s[3] = {s1, s1 + fraction, s1 + 1};
    for (int k = 0; k < 3; k++) {
        at[k] = 0;
        for (int j = 0; j < n; j++)
            at[k] += creal(h[j] * (cos(s[k] * theta[j]) + I * sin(s[k] * theta[j])));
    }
    return fabs(at[1] - (at[0] * (1 - fraction) + at[2] * fraction));
}

Test(interpolation, published_bound_is_false_and_the_corrected_one_holds) {
    static const int dims[] = {128, 64, 32, 16};
    static const double published[] = {1.137, 1.298, 1.657, 2.510};
    Rng rng = rng_new(2);
    for (int d = 0; d < 4; d++) {
        int n = dims[d] / 2;
        double theta[HALF];
        double complex h[HALF];
        rope_frequencies(theta, &(Rope){.dim = dims[d], .base = 1e4});
        for (int j = 0; j < n; j++)
            h[j] = cos(10.5 * theta[j]) - I * sin(10.5 * theta[j]);
        double middle = deviation(h, theta, n, 10, 0.5);
        cr_assert(fabs(middle / interpolation_bound_published(1e4, dims[d], 0.5)
                       - published[d])
                  < 1e-3);
        cr_assert(fabs(middle - interpolation_adversary_deviation(theta, dims[d]))
                  < 1e-12);
        cr_assert(middle > 0.97 * interpolation_bound(1e4, dims[d], 0.5));
        for (int draw = 0; draw < 500; draw++) {
            double fraction = rng_uniform(&rng), s1 = rng_below(&rng, 1000);
            for (int j = 0; j < n; j++) {
                double angle = 2 * M_PI * rng_uniform(&rng);
                h[j] = cos(angle) + I * sin(angle);
            }
            cr_assert(deviation(h, theta, n, s1, fraction)
                      <= interpolation_bound(1e4, dims[d], fraction) + 1e-12);
        }
    }
}

Test(interpolation, beyond_is_anything_between_is_not) {
    enum { D = 16, L = 256 };
    double theta[D / 2];
    rope_frequencies(theta, &(Rope){.dim = D, .base = 1e4});
    for (unsigned seed = 1; seed <= 30; seed++) {
        Rng rng = rng_new(seed);
        double *a = malloc(L * D * sizeof *a), y[L], c[D], within = 0, between = 0,
               beyond = 0;
        for (int s = 0; s < L; s++)
            distance_basis(a + s * D, theta, D, s), y[s] = rng_normal(&rng);
        cr_assert(least_squares(c, a, y, L, D));
        for (int s = 0; s < L; s++) {
            within = fmax(within, fabs(distance_score(c, theta, D, s)));
            beyond = fmax(beyond, fabs(distance_score(c, theta, D, L + s)));
            if (s + 1 < L)
                between = fmax(between, fabs(distance_score(c, theta, D, s + 0.5)));
        }
        cr_assert(beyond > 100 * within && between < 1.1 * within, "seed %u: %g %g",
                  seed, beyond / within, between / within);
        free(a);
    }
}
