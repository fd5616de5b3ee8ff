#include "ch04_pretrain/split_linear.h"

static int piece(int n, int pieces, int k) { return n * k / pieces; }

static Mat columns_of(Mat w, int pieces, int k) {
    int from = piece(w.cols, pieces, k);
    return mat_cols(w, from, piece(w.cols, pieces, k + 1) - from);
}
static Mat rows_of(Mat w, int pieces, int k) {
    int from = piece(w.rows, pieces, k);
    return mat_rows(w, from, piece(w.rows, pieces, k + 1) - from);
}

void linear_by_columns(Mat y, Mat x, Mat w, int pieces) {
    for (int k = 0; k < pieces; k++)
        matmul(columns_of(y, pieces, k), x, columns_of(w, pieces, k));
}

void linear_by_rows(Mat y, Mat x, Mat w, int pieces) {
    mat_fill(y, 0);
    for (int k = 0; k < pieces; k++)
        matmul_add(y, columns_of(x, pieces, k), rows_of(w, pieces, k));
}

void feed_forward_split(Mat y, Mat x, Mat a, Mat b, void (*f)(Mat), int pieces) {
    mat_fill(y, 0);
    for (int k = 0; k < pieces; k++) {
        Mat a_k = columns_of(a, pieces, k), h = mat_new(x.rows, a_k.cols);
        matmul(h, x, a_k);
        f(h);
        matmul_add(y, h, rows_of(b, pieces, k));
        mat_free(h);
    }
}
