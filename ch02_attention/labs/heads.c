// What several heads cost, and what they buy. Lecture, section 2.4.
//
//     parameters                4 C^2 for any number of heads H; C = H d
//     scores and weighted sums  2 H N^2 d = 2 N^2 C multiply-adds for any H
//     exponentials              H N^2: the one thing that grows
//     rank of W_Q^i W_K^iT      <= d: a head compares tokens by a form of low rank
#include <math.h>
#include <stdlib.h>

#include "ch02_attention/multihead.h"
#include "common/error.h"
#include "common/program/lab.h"

static const Option options[] = {
    {"width", "32", "C, a power of two"}, {"tokens", "48", "N"}, {0}};

typedef struct {
    long long parameters, multiply_adds, exponentials;
} Count;

// Attention by plain loops with counters in them; its output must agree with
// attend_heads.
static Count count(Rng *rng, int N, int C, int h) {
    int d = C / h;
    Projections w = projections_new(C, C, h, h, d);
    Count c = {.parameters =
                   (long long)w.q.rows * w.q.cols + (long long)w.k.rows * w.k.cols
                   + (long long)w.v.rows * w.v.cols + (long long)w.o.rows * w.o.cols};
    Mat q = mat_new(N, C), k = mat_new(N, C), v = mat_new(N, C), out = mat_new(N, C);
    rng_fill_normal(rng, q, 1), rng_fill_normal(rng, k, 1), rng_fill_normal(rng, v, 1);
    attend_heads(
        out, (Mat){0}, q, k, v,
        &(Heads){
            .batch = 1, .n_heads = h, .n_kv_heads = h, .scale = attention_scale(d)});
    double *p = allocate((size_t)N, sizeof *p), worst = 0;
    for (int head = 0; head < h; head++)
        for (int i = 0; i < N; i++) {
            double sum = 0;
            for (int j = 0; j < N; j++, c.exponentials++) {
                double s = 0;
                for (int a = head * d; a < (head + 1) * d; a++, c.multiply_adds++)
                    s += (double)*mat_at(q, i, a) * *mat_at(k, j, a);
                sum += p[j] = exp(s / sqrt(d));
            }
            for (int a = head * d; a < (head + 1) * d; a++) {
                double o = 0;
                for (int j = 0; j < N; j++, c.multiply_adds++)
                    o += p[j] / sum * *mat_at(v, j, a);
                worst = nan_max(worst, fabs(o - *mat_at(out, i, a)));
            }
        }
    if (worst > 1e-4) die("heads: the counted loops disagree by %g", worst);
    projections_free(&w), free(p);
    mat_free(q), mat_free(k), mat_free(v), mat_free(out);
    return c;
}

// Gaussian elimination with complete pivoting; a pivot below 1e-9 of the first is
// rounding (1e-16, grown a little).
static int rank(double *m, int n) {
    double first = 0;
    for (int r = 0; r < n; r++) {
        int row = r, col = r;
        for (int i = r; i < n; i++)
            for (int j = r; j < n; j++)
                if (fabs(m[i * n + j]) > fabs(m[row * n + col])) row = i, col = j;
        double pivot = m[row * n + col];
        if (r == 0) first = fabs(pivot);
        if (fabs(pivot) <= 1e-9 * first) return r;
        for (int j = 0; j < n; j++) {
            double x = m[r * n + j];
            m[r * n + j] = m[row * n + j], m[row * n + j] = x;
        }
        for (int i = 0; i < n; i++) {
            double x = m[i * n + r];
            m[i * n + r] = m[i * n + col], m[i * n + col] = x;
        }
        for (int i = r + 1; i < n; i++)
            for (int j = n - 1; j >= r; j--)
                m[i * n + j] -= m[i * n + r] / pivot * m[r * n + j];
    }
    return n;
}

static int head_rank(Rng *rng, int C, int d) {
    Mat wq = mat_new(C, d), wk = mat_new(C, d);
    double *form = allocate((size_t)C * C, sizeof *form);
    rng_fill_normal(rng, wq, 1), rng_fill_normal(rng, wk, 1);
    for (int i = 0; i < C; i++)
        for (int j = 0; j < C; j++)
            for (int a = 0; a < d; a++)
                form[i * C + j] += (double)*mat_at(wq, i, a) * *mat_at(wk, j, a);
    int r = rank(form, C);
    mat_free(wq), mat_free(wk), free(form);
    return r;
}

static void run(Lab *lab) {
    int C = (int)option_int(&lab->args, "width", 4, 128),
        N = (int)option_int(&lab->args, "tokens", 2, 256);
    if (C & (C - 1))
        die("--width %d: heads of 1, 2, 4 ... columns need a power of two", C);
    Rng rng = lab->rng;
    lab_print(lab, "%6s %6s %6s %12s %14s %14s", "heads", "width", "rank", "parameters",
              "multiply-adds", "exponentials");
    int wrong_parameters = 0, wrong_products = 0, wrong_exponentials = 0,
        wrong_rank = 0;
    for (int h = 1; h <= C; h *= 2) {
        Count c = count(&rng, N, C, h);
        int r = head_rank(&rng, C, C / h);
        long long squares = (long long)N * N;
        wrong_parameters += c.parameters != 4LL * C * C,
            wrong_products += c.multiply_adds != 2 * squares * C;
        wrong_exponentials += c.exponentials != h * squares, wrong_rank += r != C / h;
        lab_print(lab, "%6d %6d %6d %12lld %14lld %14lld", h, C / h, r, c.parameters,
                  c.multiply_adds, c.exponentials);
    }
    claim_equal(lab, "2.14", "H = 1, 2, 4 ..: parameters other than 4 (H d)^2", 0,
                wrong_parameters);
    claim_equal(lab, "2.14", "multiply-adds other than 2 N^2 H d", 0, wrong_products);
    claim_equal(lab, "2.14", "exponentials other than H N^2", 0, wrong_exponentials);
    // Random factors have full rank d with probability 1.
    claim_equal(lab, "2.15", "rank of W_Q W_K^T of one head other than d", 0,
                wrong_rank);
}

const LabSpec lab_heads = {"heads", "2.4",
                           "Several heads cost nothing but exponentials", run, options};
