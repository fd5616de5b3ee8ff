#include "ch02_attention/attend_token.h"

#include <assert.h>

#include "ch02_attention/softmax.h"
#include "common/numeric/small.h"
#include "common/numeric/vec.h"

enum {
    // so many rows of keys or values stay in the L1 cache while the whole group uses them
    STRETCH = 128,
    KEYS = 4,  // side by side: a multiply-add waits four cycles for the one before it
    VECTORS = 4,  // of a value, summed in registers
};

// score[j] = q . row j of k, for KEYS rows, or for one: the same sum in either.
VEC_INLINE void dots(real *score, const real *q, const real *k, ptrdiff_t step, int d,
                     const int keys) {
    Vec sum[KEYS] = {{0}};
    real total[KEYS];
    int c = 0;
    for (; c + VEC_LANES <= d; c += VEC_LANES) {
        Vec by = vec_load(q + c);
#pragma GCC unroll 4
        for (int j = 0; j < keys; j++) sum[j] += by * vec_load(k + j * step + c);
    }
    vec_sums(total, sum);
    for (; c < d; c++)
        for (int j = 0; j < keys; j++) total[j] += q[c] * k[j * step + c];
    for (int j = 0; j < keys; j++) score[j] = total[j];
}

VEC_FUNCTION static void all_dots(real *score, const real *q, Mat k) {
    const real *at = k.at;
    int j = 0;
    for (; j + KEYS <= k.rows; j += KEYS, at += KEYS * k.row_stride)
        dots(score + j, q, at, k.row_stride, k.cols, KEYS);
    for (; j < k.rows; j++, at += k.row_stride)
        dots(score + j, q, at, k.row_stride, k.cols, 1);
}

// out += p_0 v_0 + p_1 v_1 + ... of n rows, so many vectors of them.
VEC_INLINE void mix(real *out, const real *p, const real *v, ptrdiff_t step, int n,
                    const int vectors) {
    Vec even[VECTORS] = {{0}}, odd[VECTORS] = {{0}};
    int j = 0;
    for (; j + 2 <= n; j += 2, v += 2 * step)
#pragma GCC unroll 4
        for (int i = 0; i < vectors; i++) {
            even[i] += p[j] * vec_load(v + i * VEC_LANES);
            odd[i] += p[j + 1] * vec_load(v + step + i * VEC_LANES);
        }
#pragma GCC unroll 4
    for (int i = 0; i < vectors; i++) {
        real *to = out + i * VEC_LANES;
        if (j < n) even[i] += p[j] * vec_load(v + i * VEC_LANES);
        vec_store(to, vec_load(to) + (even[i] + odd[i]));
    }
}

VEC_FUNCTION static void mix_all(real *out, const real *p, Mat v) {
    const ptrdiff_t step = v.row_stride;
    int c = 0;
    for (; c + VECTORS * VEC_LANES <= v.cols; c += VECTORS * VEC_LANES)
        mix(out + c, p, v.at + c, step, v.rows, VECTORS);
    if (c + 2 * VEC_LANES <= v.cols)
        mix(out + c, p, v.at + c, step, v.rows, 2), c += 2 * VEC_LANES;
    if (c + VEC_LANES <= v.cols)
        mix(out + c, p, v.at + c, step, v.rows, 1), c += VEC_LANES;
    for (; c < v.cols; c++)
        for (int j = 0; j < v.rows; j++) out[c] += p[j] * v.at[j * step + c];
}

// Scores become weights: bias, mask, softmax.
static void weigh(Mat scores, const Head *h, int number) {
    int n = scores.cols;
    if (h->position) position_bias(h->position, number, scores, n - 1, 0);
    mask_row(scores.at, 0, n, h->mask, 1, n, 0);
    softmax(scores.at, (size_t)n);
}

void attend_token(Mat out, const Head *h) {
    assert(h->q.col_stride == 1 && h->k.col_stride == 1 && h->v.col_stride == 1
           && out.col_stride == 1 && "attend_token: rows are not contiguous");
    int group = h->q.rows, n = h->k.rows;
    Mat scores = mat_view(h->workspace.at, group, n);
    for (int j = 0; j < n; j += STRETCH) {
        Mat keys = mat_rows(h->k, j, int_min(STRETCH, n - j));
        for (int g = 0; g < group; g++)
            all_dots(mat_at(scores, g, j), mat_at(h->q, g, 0), keys);
    }
    for (int g = 0; g < group; g++) weigh(mat_rows(scores, g, 1), h, h->number + g);
    mat_fill(out, 0);
    for (int j = 0; j < n; j += STRETCH) {
        Mat values = mat_rows(h->v, j, int_min(STRETCH, n - j));
        for (int g = 0; g < group; g++)
            mix_all(mat_at(out, g, 0), mat_at(scores, g, j), values);
    }
}
