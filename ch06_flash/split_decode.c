#include "ch06_flash/split_decode.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "ch06_flash/online_softmax.h"
#include "ch06_flash/split_k.h"
#include "common/error.h"
#include "common/numeric/panel.h"
#include "common/numeric/small.h"
#include "common/numeric/threads.h"
#include "common/numeric/vec.h"

enum {
    BLOCK = 32,    // keys: whole vectors of scores
    LINE = 64,     // bytes that memory sends at a time
    TOGETHER = 4,  // queries that see a key while it is in registers, at most
    KEYS = 4,      // that these queries see at a time
    VECS = VEC_BYTES == 64 ? 4 : 2,  // of a value: 16 sums of 32 registers, or 8 of 16
    L2 =
        2  // for __builtin_prefetch: the first cache has few places for what is to come
};
_Static_assert(BLOCK % VEC_LANES == 0, "scores are made a vector at a time");

// What a part has seen: of each head m, l, and the sum of values.
typedef struct {
    RowPart seen;
    const real *q;
    real *out;
} OneQuery;

// A head's block of keys and values; and what to ask memory for meanwhile, of keys and of
// values: as much of the next block, in the order in which it lies (NULL: nothing).
typedef struct {
    Mat k, v;
    const real *next_k, *next_v;
} KeyBlock;

// The numbers number * count ... of what is to come. (No address is too far: asking for
// what is not there does nothing.)
VEC_INLINE void ask_ahead(const real *next, int number, int count) {
    const real *at = next + (ptrdiff_t)number * count;
    for (int i = 0; next && i < count; i += LINE / (int)sizeof(real))
        __builtin_prefetch(at + i, 0, L2);
}

// sums[i][j] = a vector whose lanes' sum is q_i . k_j, for the columns that are whole
// vectors. Each key is used `queries` times once it is loaded, each query `keys` times;
// both are constants where this is called, as below.
VEC_INLINE void product_vectors(Vec sums[][VEC_LANES], const OneQuery *o, Mat k, int j,
                                const int keys, const int queries) {
    Vec sum[TOGETHER][KEYS] = {{{0}}}, x[KEYS];
    for (int c = 0; c + VEC_LANES <= k.cols; c += VEC_LANES) {
#pragma GCC unroll 4
        for (int a = 0; a < keys; a++) x[a] = vec_load(mat_at(k, j + a, c));
#pragma GCC unroll 4
        for (int i = 0; i < queries; i++) {
            Vec q = vec_load(o[i].q + c);
#pragma GCC unroll 4
            for (int a = 0; a < keys; a++) sum[i][a] += x[a] * q;
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < queries; i++)
#pragma GCC unroll 4
        for (int a = 0; a < keys; a++) sums[i][j % VEC_LANES + a] = sum[i][a];
}

// s[i][j] = scale q_i . k_j for the keys from `first`, as many as lanes or as there are.
VEC_INLINE void products(real s[][BLOCK], const OneQuery *o, const KeyBlock *b,
                         int first, real scale, const int queries) {
    Vec sums[TOGETHER][VEC_LANES];
    Mat k = b->k;
    int j = first, end = int_min(first + VEC_LANES, k.rows);
    for (; j + KEYS <= end; j += KEYS) {
        for (int a = 0; a < KEYS; a++) ask_ahead(b->next_k, j + a, k.cols);
        product_vectors(sums, o, k, j, KEYS, queries);
    }
    for (; j < end; j++) product_vectors(sums, o, k, j, 1, queries);
    for (; j < first + VEC_LANES; j++)
        for (int i = 0; i < queries; i++) sums[i][j % VEC_LANES] = (Vec){0};
#pragma GCC unroll 4
    for (int i = 0; i < queries; i++)
        vec_store(s[i] + first, scale * panel_sums(sums[i]));
    for (int c = k.cols / VEC_LANES * VEC_LANES; c < k.cols; c++)
        for (int i = 0; i < queries; i++)
            for (j = first; j < end; j++)
                s[i][j] += scale * o[i].q[c] * *mat_at(k, j, c);
}

// out_i = factor_i out_i + sum_j s[i][j] v_j, for `vecs` vectors of columns.
VEC_INLINE void mix_vectors(OneQuery *o, const real *factor, real s[][BLOCK],
                            const KeyBlock *b, int c, const int vecs,
                            const int queries) {
    Vec sum[TOGETHER][VECS], x[VECS];
#pragma GCC unroll 4
    for (int i = 0; i < queries; i++)
#pragma GCC unroll 4
        for (int w = 0; w < vecs; w++)
            sum[i][w] = factor[i] * vec_load(o[i].out + c + w * VEC_LANES);
    for (int j = 0; j < b->v.rows; j++) {
        if (c == 0) ask_ahead(b->next_v, j, b->v.cols);
#pragma GCC unroll 4
        for (int w = 0; w < vecs; w++)
            x[w] = vec_load(mat_at(b->v, j, c + w * VEC_LANES));
#pragma GCC unroll 4
        for (int i = 0; i < queries; i++)
#pragma GCC unroll 4
            for (int w = 0; w < vecs; w++) sum[i][w] += s[i][j] * x[w];
    }
#pragma GCC unroll 4
    for (int i = 0; i < queries; i++)
#pragma GCC unroll 4
        for (int w = 0; w < vecs; w++)
            vec_store(o[i].out + c + w * VEC_LANES, sum[i][w]);
}

VEC_INLINE void mix(OneQuery *o, const real *factor, real s[][BLOCK], const KeyBlock *b,
                    const int queries) {
    const int cols = b->v.cols;
    int c = 0;
    for (; c + VECS * VEC_LANES <= cols; c += VECS * VEC_LANES)
        mix_vectors(o, factor, s, b, c, VECS, queries);
    for (; c + VEC_LANES <= cols; c += VEC_LANES)
        mix_vectors(o, factor, s, b, c, 1, queries);
    for (int i = 0; i < queries; i++)
        for (int p = c; p < cols; p++) {
            real sum = factor[i] * o[i].out[p];
            for (int j = 0; j < b->v.rows; j++) sum += s[i][j] * *mat_at(b->v, j, p);
            o[i].out[p] = sum;
        }
}

VEC_INLINE void see(OneQuery *o, const KeyBlock *b, real scale, const int queries) {
    real s[TOGETHER][BLOCK], factor[TOGETHER];
    size_t n = (size_t)b->k.rows;
    for (int j = 0; j < b->k.rows; j += VEC_LANES) products(s, o, b, j, scale, queries);
    for (int i = 0; i < queries; i++) {
        RowPart before = o[i].seen, now = {array_max(s[i], n), 0};
        if (before.max > now.max) now.max = before.max;
        factor[i] = now.max == before.max ? 1 : row_part_factor(before, now);
        now.sum = factor[i] * before.sum + array_exp_sum(s[i], s[i], n, now.max);
        o[i].seen = now;
    }
    mix(o, factor, s, b, queries);
}

// All queries that share these keys, four, two or one at a time.
VEC_FUNCTION static void see_block(OneQuery *o, int queries, KeyBlock b, real scale) {
    for (; queries >= 4; queries -= 4, o += 4, b.next_k = b.next_v = NULL)
        see(o, &b, scale, 4);
    for (; queries >= 2; queries -= 2, o += 2, b.next_k = b.next_v = NULL)
        see(o, &b, scale, 2);
    if (queries) see(o, &b, scale, 1);
}

// The rows of k and v from `first`, of one head; each head asks for its share of the rows
// after them.
static KeyBlock key_block(Mat k, Mat v, int first, int head, int kv_heads) {
    int rows = int_min(BLOCK, k.rows - first), d = k.cols / kv_heads,
        d_v = v.cols / kv_heads;
    ptrdiff_t end = first + rows, share = (ptrdiff_t)head * BLOCK;
    return (KeyBlock){mat_cols(mat_rows(k, first, rows), head * d, d),
                      mat_cols(mat_rows(v, first, rows), head * d_v, d_v),
                      k.at + end * k.row_stride + share * d,
                      v.at + end * v.row_stride + share * d_v};
}

// Rows of out (H x d) and lse (H x 1) from these keys alone.
static void see_part(Mat out, Mat lse, Mat q, Mat k, Mat v, int kv_heads, real scale) {
    int heads = out.rows, d = q.cols / heads, group = heads / kv_heads;
    OneQuery *o = allocate((size_t)heads, sizeof *o);
    for (int h = 0; h < heads; h++)
        o[h] = (OneQuery){row_part_empty(), q.at + h * d, mat_at(out, h, 0)};
    for (int j = 0; j < k.rows; j += BLOCK)
        for (int kv = 0; kv < kv_heads; kv++)
            see_block(&o[kv * group], group, key_block(k, v, j, kv, kv_heads), scale);
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
