#include "ch06_flash/split_k.h"

#include <math.h>

#include "ch06_flash/flash2.h"
#include "ch06_flash/online_softmax.h"
#include "common/numeric/small.h"
#include "common/numeric/threads.h"

// Divided outputs are parts of a row whose sum is 1: (L, 1).
static RowPart part_of(real lse) { return (RowPart){lse, lse > -INFINITY}; }

void split_merge(Mat out, Mat lse, Mat part_out, Mat part_lse) {
    for (int i = 0; i < out.rows; i++) {
        RowPart a = part_of(*mat_at(lse, i, 0)), b = part_of(*mat_at(part_lse, i, 0));
        if (b.max == -INFINITY) continue;
        RowPart whole = row_part_merge(a, b);
        real *o = mat_at(out, i, 0);
        const real *x = mat_at(part_out, i, 0);
        real wa = a.sum * row_part_factor(a, whole) / whole.sum,
             wb = row_part_factor(b, whole) / whole.sum;
        for (int c = 0; c < out.cols; c++)
            o[c] = a.max == -INFINITY ? x[c] : wa * o[c] + wb * x[c];
        *mat_at(lse, i, 0) = a.max == -INFINITY ? b.max : row_part_log(whole);
    }
}

void split_merge_backward(Mat part_out_grad, Mat part_lse_grad, SplitWhole w,
                          Mat part_out, Mat part_lse) {
    for (int i = 0; i < part_out.rows; i++) {
        RowPart part = part_of(*mat_at(part_lse, i, 0)),
                whole = part_of(*mat_at(w.lse, i, 0));
        real share = row_part_factor(part, whole),
             sum = w.lse_grad.at ? *mat_at(w.lse_grad, i, 0) : 0;
        for (int c = 0; c < part_out.cols; c++) {
            real grad = *mat_at(w.out_grad, i, c);
            sum += grad * (*mat_at(part_out, i, c) - *mat_at(w.out, i, c));
            *mat_at(part_out_grad, i, c) = share * grad;
        }
        *mat_at(part_lse_grad, i, 0) = share * sum;
    }
}

int split_size(int keys, int parts) { return ceil_div(keys, parts); }

void split_attention(Mat out, Mat lse, const FlashHead *h, int parts) {
    enum { BLOCK = 128 };
    int T = h->q.rows, keys = h->k.rows, size = int_max(1, split_size(keys, parts)),
        count = ceil_div(keys, size);
    Mat outs = mat_new(count * T, out.cols), sums = mat_new(count * T, 1);
    bool threads = (double)T * keys * h->q.cols > 4e6 && threads_free() > 1;
    (void)threads;  // without OpenMP
#pragma omp parallel for schedule(dynamic) if (threads)
    for (int s = 0; s < count; s++) {
        Memory m = memory_new(MEMORY_PLAIN, 0);
        flash2_part(mat_rows(outs, s * T, T), mat_rows(sums, s * T, T), h, s * size,
                    int_min(size, keys - s * size), (Blocks){BLOCK, BLOCK}, &m);
        memory_free(&m);
    }
    mat_fill(out, 0), mat_fill(lse, -(real)INFINITY);
    for (int s = 0; s < count; s++)
        split_merge(out, lse, mat_rows(outs, s * T, T), mat_rows(sums, s * T, T));
    mat_free(outs), mat_free(sums);
}
