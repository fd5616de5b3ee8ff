// Homework of chapter 2: your file. The contracts are in hw02.h, the problems in
// README.md.
#include "ch02_attention/homework/hw02.h"

#include "common/program/homework.h"

// ---- 1. Attention sink

real sink_softmax(real *scores, size_t n, real sink) { HW_TODO(scores, n, sink); }

real sink_softmax_backward(real *grad, const real *weights, size_t n,
                           real sink_weight) {
    HW_TODO(grad, weights, n, sink_weight);
}

// ---- 2. Sliding window, backward

void window_attention(Mat out, Mat weights, Mat q, Mat k, Mat v, real scale) {
    HW_TODO(out, weights, q, k, v, scale);
}

void window_attention_backward(Mat q_grad, Mat k_grad, Mat v_grad, Mat out_grad,
                               Mat weights, Mat q, Mat k, Mat v, real scale) {
    HW_TODO(q_grad, k_grad, v_grad, out_grad, weights, q, k, v, scale);
}

// ---- 3. Choosing RoPE's base

double base_for_stretch(double base, int dim, double stretch) {
    HW_TODO(base, dim, stretch);
}

double base_for_wavelength(int dim, double wavelength) { HW_TODO(dim, wavelength); }

double base_for_context(double base, int dim, int trained, int target) {
    HW_TODO(base, dim, trained, target);
}

// ---- 4. From MHA to GQA, with groups of one's choice

void gqa_convert(Projections *gqa, const Projections *mha, int n_heads, int groups,
                 const int *group_of) {
    HW_TODO(gqa, mha, n_heads, groups, group_of);
}

// ---- 5. Relative keys

void relative_scores(Mat scores, Mat q, Mat table, real scale, int furthest,
                     bool causal) {
    HW_TODO(scores, q, table, scale, furthest, causal);
}

void relative_scores_backward(Mat q_grad, Mat table_grad, Mat scores_grad, Mat q,
                              Mat table, real scale, int furthest, bool causal) {
    HW_TODO(q_grad, table_grad, scores_grad, q, table, scale, furthest, causal);
}

// ---- 6. Linear attention

void linear_attention(Mat out, Mat q, Mat k, Mat v) { HW_TODO(out, q, k, v); }

void linear_attention_causal(LinearState *state, Mat out, Mat q, Mat k, Mat v) {
    HW_TODO(state, out, q, k, v);
}
