#include "ch02_attention/attention.h"

#include <assert.h>
#include <math.h>

#include "ch02_attention/softmax.h"

real attention_scale(int head_dim) { return (real)(1 / sqrt(head_dim)); }

static void check_shapes(Mat out, Mat weights, Mat q, Mat k, Mat v, Mat bias) {
    assert(q.cols == k.cols
           && "attention: queries (T x d) and keys (S x d) differ in d");
    assert(k.rows == v.rows
           && "attention: keys (S x d) and values (S x d_v) differ in S");
    assert(out.rows == q.rows && out.cols == v.cols && "attention: out is not T x d_v");
    assert(weights.rows == q.rows && weights.cols == k.rows && weights.col_stride == 1
           && "attention: weights are not T x S, row after row");
    assert((!bias.at || (bias.rows == q.rows && bias.cols == k.rows))
           && "attention: bias is not T x S");
    (void)out, (void)weights, (void)q, (void)k, (void)v, (void)bias;
}

void attention(Mat out, Mat weights, Mat q, Mat k, Mat v, real scale, Mat bias,
               const Mask *mask) {
    check_shapes(out, weights, q, k, v, bias);
    Mat scores = weights;                 // they turn into weights in place
    matmul(scores, q, mat_transpose(k));  // S = scale Q K^T + B
    mat_scale(scores, scale);
    if (bias.at) mat_add_scaled(scores, 1, bias);
    mask_scores(scores, mask);  // S_ij = -inf where i does not see j
    softmax_mat(scores);        // P = softmax(S)
    matmul(out, weights, v);    // O = P V
}

void attention_backward(Mat q_grad, Mat k_grad, Mat v_grad, Mat bias_grad, Mat out_grad,
                        Mat weights, Mat q, Mat k, Mat v, real scale) {
    check_shapes(out_grad, weights, q, k, v, bias_grad);
    Mat ds = mat_new(weights.rows, weights.cols);
    matmul_add(v_grad, mat_transpose(weights), out_grad);  // dV = P^T dO
    matmul(ds, out_grad, mat_transpose(v));                // dP = dO V^T
    softmax_mat_backward(ds, weights);                     // dS = P (dP - D)
    if (bias_grad.at) mat_add_scaled(bias_grad, 1, ds);    // dB = dS
    mat_scale(ds, scale);
    matmul_add(q_grad, ds, k);                 // dQ = scale dS K
    matmul_add(k_grad, mat_transpose(ds), q);  // dK = scale dS^T Q
    mat_free(ds);
}
