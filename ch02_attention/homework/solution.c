// The solution of chapter 2's homework. Each function is as short as its idea;
// README.md has the ideas.
#include "ch02_attention/homework/hw02.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch02_attention/rope.h"
#include "common/error.h"

static int min(int a, int b) { return a < b ? a : b; }

// Row i of a against row j of b.
static real dot_rows(Mat a, int i, Mat b, int j) {
    real sum = 0;
    for (int c = 0; c < a.cols; c++) sum += *mat_at(a, i, c) * *mat_at(b, j, c);
    return sum;
}

// Row i of to += factor x row j of from.
static void add_row(Mat to, int i, real factor, Mat from, int j) {
    for (int c = 0; c < to.cols; c++) *mat_at(to, i, c) += factor * *mat_at(from, j, c);
}

// ---- 1. Attention sink

real sink_softmax(real *scores, size_t n, real sink) {
    real most = sink;  // the sink is a score like the others: it may be the largest
    for (size_t j = 0; j < n; j++) most = scores[j] > most ? scores[j] : most;
    if (most == -(real)INFINITY) {
        memset(scores, 0, n * sizeof *scores);
        return 0;
    }
    real sink_weight = (real)exp(sink - most), sum = sink_weight;
    for (size_t j = 0; j < n; j++) sum += scores[j] = (real)exp(scores[j] - most);
    for (size_t j = 0; j < n; j++) scores[j] /= sum;
    return sink_weight / sum;
}

// Softmax over n + 1 scores, where the gradient by the last weight is 0: it adds
// nothing to D.
real sink_softmax_backward(real *grad, const real *weights, size_t n,
                           real sink_weight) {
    real d = 0;
    for (size_t j = 0; j < n; j++) d += weights[j] * grad[j];
    for (size_t j = 0; j < n; j++) grad[j] = weights[j] * (grad[j] - d);
    return sink_weight * (0 - d);
}

// ---- 2. Sliding window, backward

static int visible_keys(int query, int window) { return min(window, query + 1); }

void window_attention(Mat out, Mat weights, Mat q, Mat k, Mat v, real scale) {
    real *row = allocate((size_t)weights.cols, sizeof *row);
    mat_fill(out, 0), mat_fill(weights, 0);
    for (int i = 0; i < q.rows; i++) {
        int seen = visible_keys(i, weights.cols);
        for (int w = 0; w < seen; w++) row[w] = scale * dot_rows(q, i, k, i - w);
        softmax(row, (size_t)seen);
        for (int w = 0; w < seen; w++) {
            *mat_at(weights, i, w) = row[w];
            add_row(out, i, row[w], v, i - w);
        }
    }
    free(row);
}

// A query at a time: it needs nothing of the others but a place to add to.
void window_attention_backward(Mat q_grad, Mat k_grad, Mat v_grad, Mat out_grad,
                               Mat weights, Mat q, Mat k, Mat v, real scale) {
    real *dp = allocate((size_t)weights.cols, sizeof *dp);
    for (int i = 0; i < q.rows; i++) {
        int seen = visible_keys(i, weights.cols);
        real d = 0;
        for (int w = 0; w < seen; w++) {
            dp[w] = dot_rows(out_grad, i, v, i - w);
            d += *mat_at(weights, i, w) * dp[w];
        }
        for (int w = 0; w < seen; w++) {
            real p = *mat_at(weights, i, w), ds = p * (dp[w] - d);
            add_row(v_grad, i - w, p, out_grad, i);
            add_row(q_grad, i, scale * ds, k, i - w);
            add_row(k_grad, i - w, scale * ds, q, i);
        }
    }
    free(dp);
}

// ---- 3. Choosing RoPE's base

// The slowest pair is i = dim/2 - 1, so its wavelength is 2 pi base^((dim-2)/dim).
double base_for_stretch(double base, int dim, double stretch) {
    return base * pow(stretch, dim / (dim - 2.0));
}

double base_for_wavelength(int dim, double wavelength) {
    return pow(wavelength / (2 * M_PI), dim / (dim - 2.0));
}

// base'^(2i/dim) >= base^(2i/dim) target/trained. The smaller i, the larger a base that
// takes; so the fastest of the pairs concerned decides.
double base_for_context(double base, int dim, int trained, int target) {
    for (int i = 1; i < dim / 2; i++)
        if (trained * rope_theta(base, dim, i) < 2 * M_PI)
            return base * pow((double)target / trained, dim / (2.0 * i));
    return base;
}

// ---- 4. From MHA to GQA, with groups of one's choice

static void add_scaled(Mat to, real factor, Mat from) {
    for (int i = 0; i < to.rows; i++) add_row(to, i, factor, from, i);
}

// Query head h of attend_heads uses key-value head h / size: heads of a group must
// stand side by side. A head moves with its columns of W_Q and its rows of W_O.
void gqa_convert(Projections *gqa, const Projections *mha, int n_heads, int groups,
                 const int *group_of) {
    int d = mha->q.cols / n_heads, size = n_heads / groups,
        *placed = allocate((size_t)groups, sizeof *placed);
    mat_fill(gqa->k, 0), mat_fill(gqa->v, 0);
    for (int head = 0; head < n_heads; head++) {
        int group = group_of[head], place = group * size + placed[group]++;
        mat_copy(mat_cols(gqa->q, place * d, d), mat_cols(mha->q, head * d, d));
        mat_copy(mat_rows(gqa->o, place * d, d), mat_rows(mha->o, head * d, d));
        add_scaled(mat_cols(gqa->k, group * d, d), 1 / (real)size,
                   mat_cols(mha->k, head * d, d));
        add_scaled(mat_cols(gqa->v, group * d, d), 1 / (real)size,
                   mat_cols(mha->v, head * d, d));
    }
    free(placed);
}

// ---- 5. Relative keys

static int bucket_of(Mat scores, int i, int j, int buckets, int furthest, bool causal) {
    return t5_bucket(i + scores.cols - scores.rows - j, buckets, furthest, causal);
}

// A query has only as many products with the table as it has rows: T x buckets, not T x
// S.
void relative_scores(Mat scores, Mat q, Mat table, real scale, int furthest,
                     bool causal) {
    Mat products = mat_new(q.rows, table.rows);
    matmul(products, q, mat_transpose(table));
    for (int i = 0; i < scores.rows; i++)
        for (int j = 0; j < scores.cols; j++) {
            int bucket = bucket_of(scores, i, j, table.rows, furthest, causal);
            *mat_at(scores, i, j) += scale * *mat_at(products, i, bucket);
        }
    mat_free(products);
}

void relative_scores_backward(Mat q_grad, Mat table_grad, Mat scores_grad, Mat q,
                              Mat table, real scale, int furthest, bool causal) {
    Mat products_grad = mat_new(q.rows, table.rows);
    for (int i = 0; i < scores_grad.rows; i++)
        for (int j = 0; j < scores_grad.cols; j++) {
            int bucket = bucket_of(scores_grad, i, j, table.rows, furthest, causal);
            *mat_at(products_grad, i, bucket) += scale * *mat_at(scores_grad, i, j);
        }
    matmul_add(q_grad, products_grad, table);
    matmul_add(table_grad, mat_transpose(products_grad), q);
    mat_free(products_grad);
}

// ---- 6. Linear attention

static Mat features(Mat x) {
    Mat phi = mat_new(x.rows, x.cols);
    for (int i = 0; i < x.rows; i++)
        for (int c = 0; c < x.cols; c++) {
            real a = *mat_at(x, i, c);
            *mat_at(phi, i, c) = a > 0 ? a + 1 : (real)exp(a);
        }
    return phi;
}

static void take_key(LinearState *state, Mat phi_k, Mat v, int j) {
    add_row(state->keys, 0, 1, phi_k, j);
    for (int c = 0; c < phi_k.cols; c++)
        add_row(state->values, c, *mat_at(phi_k, j, c), v, j);
}

static void answer(Mat out, const LinearState *state, Mat phi_q, int i) {
    real sum = dot_rows(phi_q, i, state->keys, 0);
    Mat row = mat_rows(out, i, 1);
    mat_fill(row, 0);
    for (int c = 0; c < phi_q.cols; c++)
        add_row(row, 0, *mat_at(phi_q, i, c) / sum, state->values, c);
}

void linear_attention(Mat out, Mat q, Mat k, Mat v) {
    Mat phi_q = features(q), phi_k = features(k);
    LinearState state = {mat_new(k.cols, v.cols), mat_new(1, k.cols)};
    for (int j = 0; j < k.rows; j++) take_key(&state, phi_k, v, j);
    for (int i = 0; i < q.rows; i++) answer(out, &state, phi_q, i);
    mat_free(phi_q), mat_free(phi_k), mat_free(state.values), mat_free(state.keys);
}

void linear_attention_causal(LinearState *state, Mat out, Mat q, Mat k, Mat v) {
    Mat phi_q = features(q), phi_k = features(k);
    for (int i = 0; i < q.rows; i++) {
        take_key(state, phi_k, v, i);
        answer(out, state, phi_q, i);
    }
    mat_free(phi_q), mat_free(phi_k);
}
