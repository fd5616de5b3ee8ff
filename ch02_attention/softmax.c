#include "ch02_attention/softmax.h"

#include <assert.h>

#include "common/numeric/vec.h"

void softmax(real *row, size_t n) {
    real sum = array_exp_sum(row, row, n, array_max(row, n));
    // a row that sees nothing is all 0 and stays so
    real share = sum == 0 ? 0 : 1 / sum;
    for (size_t j = 0; j < n; j++) row[j] *= share;
}

void softmax_backward(real *dp, const real *p, size_t n) {
    real d = array_dot(p, dp, n);
    for (size_t j = 0; j < n; j++) dp[j] = p[j] * (dp[j] - d);
}

void softmax_mat(Mat scores) {
    assert(scores.col_stride == 1 && "softmax_mat: columns are not side by side");
    for (int i = 0; i < scores.rows; i++)
        softmax(mat_at(scores, i, 0), (size_t)scores.cols);
}

void softmax_mat_backward(Mat dp, Mat p) {
    assert(dp.rows == p.rows && dp.cols == p.cols && dp.col_stride == 1
           && p.col_stride == 1 && "softmax_mat_backward: shapes do not fit");
    for (int i = 0; i < p.rows; i++)
        softmax_backward(mat_at(dp, i, 0), mat_at(p, i, 0), (size_t)p.cols);
}
