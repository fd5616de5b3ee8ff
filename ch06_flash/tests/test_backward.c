// Gradients without a table: against the definition in double, against differences of
// the forward pass, and what dropout and empty rows do to them.
#include <criterion/criterion.h>
#include <math.h>

#include "ch06_flash/dropout_tile.h"
#include "ch06_flash/exact.h"
#include "ch06_flash/flash2.h"
#include "ch06_flash/flash_backward.h"
#include "ch06_flash/flash_fast.h"
#include "ch06_flash/tests/reference.h"

typedef struct {
    Mat out, lse, out_grad, lse_grad, q, k, v;
} Pass;

static Pass pass_new(const FlashHead *h, Rng *rng) {
    int T = h->q.rows, S = h->k.rows;
    return (Pass){mat_new(T, h->v.cols),
                  mat_new(T, 1),
                  random_mat(rng, T, h->v.cols, 1),
                  random_mat(rng, T, 1, 1),
                  mat_new(T, h->q.cols),
                  mat_new(S, h->q.cols),
                  mat_new(S, h->v.cols)};
}

static void pass_free(Pass *p) {
    Mat all[] = {p->out, p->lse, p->out_grad, p->lse_grad, p->q, p->k, p->v};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}

static Memory run(Pass *p, const FlashHead *h, Blocks forward, Blocks backward,
                  MemoryKind kind) {
    Memory m = memory_new(kind, 600);
    flash2(p->out, p->lse, h, forward, &m);
    memory_free(&m), m = memory_new(kind, 600);
    mat_fill(p->q, 0), mat_fill(p->k, 0), mat_fill(p->v, 0);
    flash_backward((FlashGrads){p->q, p->k, p->v, {0}},
                   (FlashOut){p->out, p->lse, p->out_grad, p->lse_grad}, h, backward,
                   &m);
    return m;
}

static void check_fast(Pass *p, const Pass *want, const FlashHead *h, double off) {
    mat_fill(p->out, NAN), mat_fill(p->lse, NAN);
    mat_fill(p->q, 0), mat_fill(p->k, 0), mat_fill(p->v, 0);
    flash_fast_head(p->out, p->lse, h);
    flash_fast_head_backward((FlashGrads){p->q, p->k, p->v, {0}},
                             (FlashOut){p->out, p->lse, p->out_grad, p->lse_grad}, h);
    cr_assert(mat_difference(p->out, want->out) <= off, "fast: O off by %g",
              mat_difference(p->out, want->out));
    cr_assert(mat_difference(p->lse, want->lse) <= off, "fast: L");
    cr_assert(mat_difference(p->q, want->q) <= off, "fast: dQ off by %g",
              mat_difference(p->q, want->q));
    cr_assert(mat_difference(p->k, want->k) <= off, "fast: dK");
    cr_assert(mat_difference(p->v, want->v) <= off, "fast: dV");
}

static void check_gradients(const FlashHead *original, Rng *rng) {
    static const Blocks blocks[] = {{1, 1}, {5, 3}, {16, 64}};
    FlashHead h = *original;
    for (int drop = 0; drop < 2; drop++) {
        h.dropout = (FlashDropout){0.3 * drop, 7, 2};
        Pass p = pass_new(&h, rng), want = pass_new(&h, rng);
        reference_backward(want.q, want.k, want.v, p.out_grad, p.lse_grad, &h);
        reference_attention(want.out, want.lse, &h);
        // a gradient sums T terms, each of size up to |dO| |v| d, say 20
        double off = reference_tolerance(&h) * 20 * (1 + h.q.rows / 8.0);
        for (int b = 0; b < 3; b++) {
            // forward's blocks are others than backward's
            Memory m = run(&p, &h, (Blocks){7, 9}, blocks[b], (MemoryKind)b);
            memory_free(&m);
            cr_assert(mat_difference(p.out, want.out) <= off, "dropout %d", drop);
            cr_assert(mat_difference(p.q, want.q) <= off, "dQ off by %g of %g",
                      mat_difference(p.q, want.q), off);
            cr_assert(mat_difference(p.k, want.k) <= off, "dK off by %g of %g",
                      mat_difference(p.k, want.k), off);
            cr_assert(mat_difference(p.v, want.v) <= off, "dV off by %g of %g",
                      mat_difference(p.v, want.v), off);
        }
        check_fast(&p, &want, &h, off);
        pass_free(&p), pass_free(&want);
    }
}
Test(backward, is_the_definition) { every_head(check_gradients); }

#ifdef REAL_IS_DOUBLE
static double loss(const FlashHead *h, Pass *p) {
    Memory m = memory_new(MEMORY_PLAIN, 0);
    flash2(p->out, p->lse, h, (Blocks){3, 5}, &m);
    memory_free(&m);
    double sum = 0;
    for (int i = 0; i < p->out.rows; i++) {
        // a row that sees nothing has L = -inf, and no gradient through it
        if (*mat_at(p->lse, i, 0) > -INFINITY)
            sum += *mat_at(p->lse, i, 0) * *mat_at(p->lse_grad, i, 0);
        for (int c = 0; c < p->out.cols; c++)
            sum += *mat_at(p->out, i, c) * *mat_at(p->out_grad, i, c);
    }
    return sum;
}

static double slope_along(Mat x, Mat direction, const FlashHead *h, Pass *p) {
    const double e = 1e-5;
    mat_add_scaled(x, e, direction);
    double above = loss(h, p);
    mat_add_scaled(x, -2 * e, direction);
    double below = loss(h, p);
    mat_add_scaled(x, e, direction);
    return (above - below) / (2 * e);
}

static void check_differences(const FlashHead *original, Rng *rng) {
    FlashHead h = *original;
    h.dropout = (FlashDropout){0.2, 3, 0};
    Pass p = pass_new(&h, rng);
    Memory m = run(&p, &h, (Blocks){3, 5}, (Blocks){4, 6}, MEMORY_PLAIN);
    memory_free(&m);
    Mat inputs[] = {h.q, h.k, h.v}, grads[] = {p.q, p.k, p.v};
    for (int i = 0; i < 3; i++) {
        Mat direction = random_mat(rng, inputs[i].rows, inputs[i].cols, 1);
        double want = 0;
        for (int r = 0; r < direction.rows; r++)
            for (int c = 0; c < direction.cols; c++)
                want += *mat_at(direction, r, c) * *mat_at(grads[i], r, c);
        double got = slope_along(inputs[i], direction, &h, &p);
        cr_assert(fabs(got - want) <= 1e-6 * (1 + fabs(want)), "input %d: %g, not %g",
                  i, want, got);
        mat_free(direction);
    }
    pass_free(&p);
}
Test(backward, is_the_slope_of_forward) { every_head(check_differences); }
#endif

// 8 N d + N + T_c (4 N d + 2 N) words, 5 N^2 d multiply-adds.
Test(backward, counts_are_the_formulas) {
    const int sizes[][3] = {{16, 4, 4}, {37, 5, 8}, {64, 8, 64}};
    Rng rng = rng_new(1);
    for (int s = 0; s < 3; s++) {
        long long n = sizes[s][0], d = sizes[s][1];
        int block = sizes[s][2];
        FlashHead h = {.q = random_mat(&rng, (int)n, (int)d, 1),
                       .k = random_mat(&rng, (int)n, (int)d, 1),
                       .v = random_mat(&rng, (int)n, (int)d, 1),
                       .scale = 1};
        Pass p = pass_new(&h, &rng);
        Memory m = run(&p, &h, (Blocks){8, 8}, (Blocks){3, block}, MEMORY_STRICT);
        cr_assert_eq(m.reads + m.writes,
                     8 * n * d + n + (n + block - 1) / block * (4 * n * d + 2 * n));
        cr_assert_eq(m.multiply_adds, 5 * n * n * d);
        memory_free(&m), pass_free(&p);
        mat_free(h.q), mat_free(h.k), mat_free(h.v);
    }
}

// A query that sees nothing gets no gradient and gives none.
Test(backward, empty_rows) {
    Rng rng = rng_new(4);
    FlashHead h = {.q = random_mat(&rng, 5, 3, 1),
                   .k = random_mat(&rng, 2, 3, 1),
                   .v = random_mat(&rng, 2, 3, 1),
                   .scale = 1,
                   .mask = {.causal = true}};
    Pass p = pass_new(&h, &rng), last = pass_new(&h, &rng);
    Memory m = run(&p, &h, (Blocks){2, 1}, (Blocks){2, 1}, MEMORY_PLAIN);
    for (int i = 0; i < 3; i++)
        for (int c = 0; c < 3; c++) cr_assert_eq(*mat_at(p.q, i, c), 0);
    // the last two queries alone give the same
    FlashHead two = h;
    two.q = mat_rows(h.q, 3, 2);
    flash_backward((FlashGrads){mat_rows(last.q, 3, 2), last.k, last.v, {0}},
                   (FlashOut){mat_rows(p.out, 3, 2), mat_rows(p.lse, 3, 2),
                              mat_rows(p.out_grad, 3, 2), mat_rows(p.lse_grad, 3, 2)},
                   &two, (Blocks){2, 1}, &m);
    cr_assert(mat_difference(last.k, p.k) <= 32 * REAL_EPS);
    cr_assert(mat_difference(last.v, p.v) <= 32 * REAL_EPS);
    memory_free(&m), pass_free(&p), pass_free(&last);
    mat_free(h.q), mat_free(h.k), mat_free(h.v);
}

// The weights that are dropped are a share `rate`, and others in another row, head,
// sequence or pass.
Test(backward, dropout_is_keyed_on_seed_sequence_head_query_and_key) {
    enum { N = 64 };
    FlashHead h = {.number = 1, .dropout = {0.25, 11, 3}}, others[] = {h, h, h};
    others[0].number = 2, others[1].dropout.seed = 12, others[2].dropout.sequence = 4;
    int dropped = 0, same[3] = {0}, same_row = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            real z = dropout_factor(&h, i, j);
            cr_assert(z == 0 || z == (real)(1 / 0.75));
            dropped += z == 0;
            same_row += z == dropout_factor(&h, i + 1, j);
            for (int k = 0; k < 3; k++)
                same[k] += z == dropout_factor(&others[k], i, j);
        }
    // 5 standard errors of N^2 draws of probability p: 5 sqrt(p (1 - p)) N
    double error = 5 * N * sqrt(0.25 * 0.75), agree = 0.25 * 0.25 + 0.75 * 0.75;
    cr_assert(fabs(dropped - 0.25 * N * N) <= error, "%d", dropped);
    error = 5 * N * sqrt(agree * (1 - agree));
    cr_assert(fabs(same_row - agree * N * N) <= error);
    for (int k = 0; k < 3; k++) cr_assert(fabs(same[k] - agree * N * N) <= error);
}

// What commands and labs are measured against, itself held to the tests' own reference:
// one query and the keys it sees.
Test(backward, exact_query_grad_is_the_references) {
    enum { KEYS = 37, D = 6, D_V = 5 };
    Rng rng = rng_new(9);
    FlashHead h = {.q = random_mat(&rng, 1, D, 1),
                   .k = random_mat(&rng, KEYS, D, 2),
                   .v = random_mat(&rng, KEYS, D_V, 1),
                   .scale = (real)0.4};
    Mat out_grad = random_mat(&rng, 1, D_V, 1), none = mat_new(1, 1), q = mat_new(1, D),
        k = mat_new(KEYS, D), v = mat_new(KEYS, D_V);
    double got[D];
    reference_backward(q, k, v, out_grad, none, &h);
    exact_query_grad(got, &h, out_grad);
    for (int c = 0; c < D; c++)
        cr_assert(fabs(got[c] - q.at[c]) <= 8 * REAL_EPS * fabs(got[c]) + 4 * REAL_EPS,
                  "%d: %g, not %g", c, got[c], (double)q.at[c]);
    Mat all[] = {h.q, h.k, h.v, out_grad, none, q, k, v};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}
