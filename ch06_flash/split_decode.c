#include "ch06_flash/split_decode.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "ch06_flash/online_softmax.h"
#include "ch06_flash/split_k.h"
#include "common/error.h"
#include "common/numeric/small.h"
#include "common/numeric/threads.h"
#include "common/numeric/vec.h"

enum {
    BLOCK = 32,   // keys
    LINE = 64,    // bytes that memory sends at a time
    TOGETHER = 4  // queries that see a key while it is in registers, at most
};

// What a part has seen: of each head m, l, and the sum of values.
typedef struct {
    RowPart seen;
    const real *q;
    real *out;
} OneQuery;

// Asks memory for a row of the next block, while this one is computed with. (No address
// is too far: asking for what is not there does nothing.)
VEC_INLINE void ask_ahead(Mat m, int row) {
    const char *at = (const char *)(m.at + (row + BLOCK) * m.row_stride);
    for (int i = 0; i < m.cols * (int)sizeof(real); i += LINE)
        __builtin_prefetch(at + i);
}

// s[i][j] = scale q_i . k_j. `queries` is a constant where this is called, as below.
VEC_INLINE void products(real s[][BLOCK], const OneQuery *o, Mat k, real scale,
                         bool ask, const int queries) {
    for (int j = 0; j < k.rows; j++) {
        const real *x = mat_at(k, j, 0);
        if (ask) ask_ahead(k, j);
        Vec sum[TOGETHER] = {{0}};
        int c = 0;
        for (; c + VEC_LANES <= k.cols; c += VEC_LANES)
#pragma GCC unroll 4
            for (int i = 0; i < queries; i++)
                sum[i] += vec_load(x + c) * vec_load(o[i].q + c);
#pragma GCC unroll 4
        for (int i = 0; i < queries; i++) {
            real rest = 0;
            for (int p = c; p < k.cols; p++) rest += x[p] * o[i].q[p];
            s[i][j] = scale * (vec_sum(sum[i]) + rest);
        }
    }
}

// out_i = factor_i out_i + sum_j s[i][j] v_j
VEC_INLINE void mix(OneQuery *o, const real *factor, real s[][BLOCK], Mat v, bool ask,
                    const int queries) {
    int c = 0;
    for (; c + 2 * VEC_LANES <= v.cols; c += 2 * VEC_LANES) {
        Vec sum[TOGETHER][2];
#pragma GCC unroll 4
        for (int i = 0; i < queries; i++)
            for (int w = 0; w < 2; w++)
                sum[i][w] = factor[i] * vec_load(o[i].out + c + w * VEC_LANES);
        for (int j = 0; j < v.rows; j++) {
            if (ask && c == 0) ask_ahead(v, j);
#pragma GCC unroll 4
            for (int i = 0; i < queries; i++)
                for (int w = 0; w < 2; w++)
                    sum[i][w] += s[i][j] * vec_load(mat_at(v, j, c + w * VEC_LANES));
        }
#pragma GCC unroll 4
        for (int i = 0; i < queries; i++)
            for (int w = 0; w < 2; w++)
                vec_store(o[i].out + c + w * VEC_LANES, sum[i][w]);
    }
    for (int i = 0; i < queries; i++)
        for (int p = c; p < v.cols; p++) {
            real sum = factor[i] * o[i].out[p];
            for (int j = 0; j < v.rows; j++) sum += s[i][j] * *mat_at(v, j, p);
            o[i].out[p] = sum;
        }
}

VEC_INLINE void see(OneQuery *o, Mat k, Mat v, real scale, bool ask,
                    const int queries) {
    real s[TOGETHER][BLOCK], factor[TOGETHER];
    size_t n = (size_t)k.rows;
    products(s, o, k, scale, ask, queries);
    for (int i = 0; i < queries; i++) {
        RowPart before = o[i].seen, now = {array_max(s[i], n), 0};
        if (before.max > now.max) now.max = before.max;
        factor[i] = row_part_factor(before, now);
        now.sum = factor[i] * before.sum + array_exp_sum(s[i], s[i], n, now.max);
        o[i].seen = now;
    }
    mix(o, factor, s, v, ask, queries);
}

// All queries that share these keys, four, two or one at a time.
VEC_FUNCTION static void see_block(OneQuery *o, int queries, Mat k, Mat v, real scale) {
    bool ask = true;
    for (; queries >= 4; queries -= 4, o += 4, ask = false) see(o, k, v, scale, ask, 4);
    for (; queries >= 2; queries -= 2, o += 2, ask = false) see(o, k, v, scale, ask, 2);
    if (queries) see(o, k, v, scale, ask, 1);
}

// Rows of out (H x d) and lse (H x 1) from these keys alone.
static void see_part(Mat out, Mat lse, Mat q, Mat k, Mat v, int kv_heads, real scale) {
    int heads = out.rows, d = q.cols / heads, group = heads / kv_heads;
    OneQuery *o = allocate((size_t)heads, sizeof *o);
    for (int h = 0; h < heads; h++)
        o[h] = (OneQuery){row_part_empty(), q.at + h * d, mat_at(out, h, 0)};
    for (int j = 0; j < k.rows; j += BLOCK) {
        int rows = int_min(BLOCK, k.rows - j);
        Mat kj = mat_rows(k, j, rows), vj = mat_rows(v, j, rows);
        for (int kv = 0; kv < kv_heads; kv++)
            see_block(&o[kv * group], group, mat_cols(kj, kv * d, d),
                      mat_cols(vj, kv * out.cols, out.cols), scale);
    }
    for (int h = 0; h < heads; h++) {
        RowPart seen = o[h].seen;
        mat_scale(mat_rows(out, h, 1), seen.sum == 0 ? 0 : 1 / seen.sum);
        *mat_at(lse, h, 0) = row_part_log(seen);
    }
    free(o);
}

void split_decode(Mat out, Mat lse, Mat q, Mat k, Mat v, int heads, int kv_heads,
                  real scale) {
    assert(heads % kv_heads == 0 && q.cols % heads == 0 && q.rows == 1);
    assert(k.cols == q.cols / heads * kv_heads && v.rows == k.rows);
    int parts = ceil_div(k.rows, SPLIT_KEYS), d_v = v.cols / kv_heads;
    Mat outs = mat_new(parts * heads, d_v), sums = mat_new(parts * heads, 1),
        whole = mat_view(out.at, heads, d_v);
    bool threads = (double)k.rows * k.cols > 1e5 && threads_free() > 1;
    (void)threads;  // without OpenMP
#pragma omp parallel for schedule(dynamic) if (threads)
    for (int s = 0; s < parts; s++) {
        int first = s * SPLIT_KEYS, count = int_min(SPLIT_KEYS, k.rows - first);
        see_part(mat_rows(outs, s * heads, heads), mat_rows(sums, s * heads, heads), q,
                 mat_rows(k, first, count), mat_rows(v, first, count), kv_heads, scale);
    }
    mat_fill(out, 0), mat_fill(lse, -(real)INFINITY);
    for (int s = 0; s < parts; s++)
        split_merge(whole, lse, mat_rows(outs, s * heads, heads),
                    mat_rows(sums, s * heads, heads));
    mat_free(outs), mat_free(sums);
}
