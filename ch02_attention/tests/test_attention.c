// The plain attention of one head: forward against the definition in double, backward
// against central differences (double build), and the mutations that must not pass.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch02_attention/tests/cases.h"
#include "ch02_attention/tests/reference.h"
#include "common/error.h"

// ---- forward

// bias as the reference knows it: through the scores of one head.
static void reference(Mat out, Mat weights, Mat q, Mat k, Mat v, double scale, Mat bias,
                      const Mask *mask) {
    int T = q.rows, S = k.rows;
    double *s = allocate((size_t)S, sizeof *s);
    for (int i = 0; i < T; i++) {
        double sum = 0, most = -INFINITY;
        for (int j = 0; j < S; j++) {
            s[j] = 0;
            for (int c = 0; c < q.cols; c++)
                s[j] += (double)*mat_at(q, i, c) * *mat_at(k, j, c);
            s[j] = scale * s[j] + (bias.at ? *mat_at(bias, i, j) : 0);
            if (!reference_sees(mask, 0, T, S, i, j)) s[j] = -INFINITY;
            most = fmax(most, s[j]);
        }
        for (int j = 0; j < S; j++)
            sum += s[j] = s[j] == -INFINITY ? 0 : exp(s[j] - most);
        for (int j = 0; j < S; j++)
            *mat_at(weights, i, j) = (real)(s[j] = sum > 0 ? s[j] / sum : 0);
        for (int c = 0; c < v.cols; c++) {
            double o = 0;
            for (int j = 0; j < S; j++) o += s[j] * *mat_at(v, j, c);
            *mat_at(out, i, c) = (real)o;
        }
    }
    free(s);
}

static void check_forward(int T, int S, int d, const Mask *mask, Rng *rng) {
    // q by columns, k as part of wider rows, v plain: views of every kind.
    Mat wide = random_mat(rng, S, d + 5, 1);
    Mat q = mat_transpose(random_mat(rng, d, T, 1)), k = mat_cols(wide, 3, d),
        v = random_mat(rng, S, d, 1), bias = random_mat(rng, T, S, 1);
    Mat out = mat_new(T, d), weights = mat_new(T, S), want = mat_new(T, d),
        want_weights = mat_new(T, S);
    for (int with_bias = 0; with_bias < 2; with_bias++) {
        Mat b = with_bias ? bias : (Mat){0};
        mat_fill(weights, NAN), mat_fill(out, NAN);
        attention(out, weights, q, k, v, attention_scale(d), b, mask);
        reference(want, want_weights, q, k, v, 1 / sqrt(d), b, mask);
        // A score is off by (d + 3) roundings of sum |q k| <= |q| |k|, about 3 d here;
        // a weight by twice that, relative; an output by that times the largest value,
        // and S roundings of its sum.
        double off = REAL_EPS * ((d + 3) * 8.0 * d * attention_scale(d) + S + 8);
        cr_assert(mat_difference(weights, want_weights) <= off,
                  "weights off by %g, not %g: T %d, S %d, d %d",
                  mat_difference(weights, want_weights), off, T, S, d);
        cr_assert(mat_difference(out, want) <= 2 * off * mat_largest(v),
                  "out, T %d, S %d, d %d", T, S, d);
    }
    Mat all[] = {wide, q, v, bias, out, weights, want, want_weights};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}

Test(attention, forward_is_the_definition) { every_case(check_forward); }

Test(attention, no_keys_give_zeros) {
    Mat none = mat_new(2, 0), q = mat_new(2, 3), out = mat_new(2, 3),
        empty = mat_new(0, 3);
    mat_fill(out, NAN);
    attention(out, none, q, empty, empty, 1, (Mat){0}, &(Mask){0});  // S = 0
    cr_assert_eq(mat_largest(out), 0);
    mat_free(none), mat_free(q), mat_free(out), mat_free(empty);
}

// ---- backward

#ifdef REAL_IS_DOUBLE

typedef struct {
    Mat q, k, v, bias, r;
    const Mask *mask;
} Case;

static double loss(const Case *c) {
    Mat out = mat_new(c->q.rows, c->v.cols), weights = mat_new(c->q.rows, c->k.rows);
    attention(out, weights, c->q, c->k, c->v, attention_scale(c->q.cols), c->bias,
              c->mask);
    double l = inner_product(out, c->r);
    mat_free(out), mat_free(weights);
    return l;
}

// The largest |grad - (L(+h) - L(-h)) / 2h| over some elements of x; h^2 L''' / 6 is
// about 1e-10, rounding / h 1e-11.
static double gradient_error(const Case *c, Mat x, Mat grad, Rng *rng) {
    const double h = 1e-5;
    double worst = 0;
    for (int probe = 0; probe < 12; probe++) {
        int i = rng_below(rng, x.rows), j = rng_below(rng, x.cols);
        real *at = mat_at(x, i, j), was = *at;
        *at = was + h;
        double up = loss(c);
        *at = was - h;
        double slope = (up - loss(c)) / (2 * h);
        *at = was;
        worst = fmax(worst, fabs(slope - *mat_at(grad, i, j)));
    }
    return worst;
}

static void check_backward(int T, int S, int d, const Mask *mask, Rng *rng) {
    Case c = {random_mat(rng, T, d, 1), random_mat(rng, S, d, 1),
              random_mat(rng, S, d, 1), random_mat(rng, T, S, 1),
              random_mat(rng, T, d, 1), mask};
    Mat out = mat_new(T, d), weights = mat_new(T, S),
        grads[] = {mat_new(T, d), mat_new(S, d), mat_new(S, d), mat_new(T, S)};
    Mat xs[] = {c.q, c.k, c.v, c.bias};
    attention(out, weights, c.q, c.k, c.v, attention_scale(d), c.bias, mask);
    for (int g = 0; g < 4; g++) mat_fill(grads[g], 1);  // gradients are added
    attention_backward(grads[0], grads[1], grads[2], grads[3], c.r, weights, c.q, c.k,
                       c.v, attention_scale(d));
    for (int g = 0; g < 4; g++) {
        for (int i = 0; i < grads[g].rows; i++)
            for (int j = 0; j < grads[g].cols; j++) *mat_at(grads[g], i, j) -= 1;
        double size = 1 + mat_largest(grads[g]),
               off = gradient_error(&c, xs[g], grads[g], rng);
        cr_assert(off <= 1e-7 * size, "gradient %d off by %g of %g: T %d, S %d, d %d",
                  g, off, size, T, S, d);
    }
    for (int g = 0; g < 4; g++) mat_free(grads[g]), mat_free(xs[g]);
    mat_free(c.r), mat_free(out), mat_free(weights);
}

Test(attention, backward_is_the_derivative) { every_case(check_backward); }

// The same check sees each of these mistakes, by far.
Test(attention, mutations_of_backward_are_seen) {
    enum { T = 6, D = 3 };
    Rng rng = rng_new(3);
    Mask causal = {.causal = true};
    Case c = {random_mat(&rng, T, D, 1), random_mat(&rng, T, D, 1),
              random_mat(&rng, T, D, 1), (Mat){0},
              random_mat(&rng, T, D, 1), &causal};
    Mat out = mat_new(T, D), p = mat_new(T, T), ds = mat_new(T, T), dq = mat_new(T, D),
        dk = mat_new(T, D);
    real scale = attention_scale(D);
    attention(out, p, c.q, c.k, c.v, scale, (Mat){0}, &causal);
    for (int mutation = 0; mutation < 5; mutation++) {
        matmul(ds, c.r, mat_transpose(c.v));
        for (int i = 0; i < T; i++) {
            double d = 0;
            for (int j = 0; j < T; j++) d += *mat_at(p, i, j) * *mat_at(ds, i, j);
            if (mutation == 1) d = 0;      // the D term dropped
            if (mutation == 2) d = d / T;  // its mean instead of its sum
            for (int j = 0; j < T; j++)
                *mat_at(ds, i, j) = *mat_at(p, i, j) * (*mat_at(ds, i, j) - d);
        }
        matmul(dq, ds, c.k), matmul(dk, mat_transpose(ds), c.q);
        for (int i = 0; i < T * D; i++) {
            if (mutation != 3) dq.at[i] *= scale;  // the scale missing in dQ
            if (mutation != 4) dk.at[i] *= scale;  // or in dK
        }
        double off =
            fmax(gradient_error(&c, c.q, dq, &rng), gradient_error(&c, c.k, dk, &rng));
        cr_assert((off > 1e-3) == (mutation > 0) && (mutation || off < 1e-8),
                  "mutation %d: %g", mutation, off);
    }
    Mat all[] = {c.q, c.k, c.v, c.r, out, p, ds, dq, dk};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}

#endif

// ---- mutations of forward: scale, ties, masks

Test(attention, a_missing_scale_is_seen) {  // Var(q.k) = d, and not 1
    enum { T = 200, D = 64 };
    Rng rng = rng_new(4);
    Mat q = random_mat(&rng, T, D, 1), k = random_mat(&rng, T, D, 1), s = mat_new(T, T);
    matmul(s, q, mat_transpose(k));
    double raw = inner_product(s, s) / T / T,
           scaled = raw * attention_scale(D) * attention_scale(D);
    double error = sqrt(((2 + 6.0 / D) / T + 4.0 / D) / T);  // labs/variance.c
    cr_assert(fabs(scaled - 1) <= 5 * error && fabs(raw - 1) > 100 * error
              && fabs(raw / D - 1) <= 5 * error);
    mat_free(q), mat_free(k), mat_free(s);
}

Test(attention, tied_scores_are_symmetric_and_others_are_not) {
    enum { T = 37, D = 24 };
    Rng rng = rng_new(5);
    Mat q = random_mat(&rng, T, D, 1), k = random_mat(&rng, T, D, 1),
        tied = mat_new(T, T), untied = mat_new(T, T);
    matmul(tied, q, mat_transpose(q)), matmul(untied, q, mat_transpose(k));
    cr_assert_eq(mat_difference(tied, mat_transpose(tied)), 0);
    cr_assert(mat_difference(untied, mat_transpose(untied)) > 1);
    mat_free(q), mat_free(k), mat_free(tied), mat_free(untied);
}

Test(attention, the_future_does_not_leak_but_a_late_mask_does) {
    enum { T = 150, D = 8 };
    Rng rng = rng_new(6);
    Mat q = random_mat(&rng, T, D, 1), k = random_mat(&rng, T, D, 1),
        v = random_mat(&rng, T, D, 1), out[2], late[2];
    Mask causal = {.causal = true};
    for (int changed = 1; changed < T; changed += 37) {
        for (int run = 0; run < 2; run++) {
            Mat weights = mat_new(T, T);
            out[run] = mat_new(T, D), late[run] = mat_new(T, D);
            attention(out[run], weights, q, k, v, attention_scale(D), (Mat){0},
                      &causal);
            attention(late[run], weights, q, k, v, attention_scale(D), (Mat){0},
                      &(Mask){0});
            for (int i = 0; i < T; i++)
                for (int j = i + 1; j < T; j++) *mat_at(weights, i, j) = 0;
            matmul(late[run], weights, v);
            rng_fill_normal(&rng, mat_rows(k, changed, T - changed), 1),
                rng_fill_normal(&rng, mat_rows(v, changed, T - changed), 1);
            rng_fill_normal(&rng, mat_rows(q, changed, T - changed), 1);
            mat_free(weights);
        }
        cr_assert(memcmp(out[0].at, out[1].at, (size_t)changed * D * sizeof(real)) == 0,
                  "token %d leaks", changed);
        cr_assert(memcmp(late[0].at, late[1].at, (size_t)changed * D * sizeof(real))
                  != 0);
        for (int run = 0; run < 2; run++) mat_free(out[run]), mat_free(late[run]);
    }
    mat_free(q), mat_free(k), mat_free(v);
}
