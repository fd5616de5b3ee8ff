#include "ch05_sft_rlhf/dora.h"

#include <assert.h>
#include <math.h>

static void norms_pull(Tape *t, Node *y) {
    Node *v = y->from[0];
    if (!wants_grad(v)) return;
    Mat grad = grad_add(t, v);
    for (int i = 0; i < grad.rows; i++)
        for (int j = 0; j < grad.cols; j++)
            *mat_at(grad, i, j) += *mat_at(y->grad, 0, j) * *mat_at(v->value, i, j)
                                   / *mat_at(y->value, 0, j);
}

static const Operation norms_operation = {"column norms", norms_pull};

double column_length(Mat v, int j) {
    double squares = 0;
    for (int i = 0; i < v.rows; i++) {
        double w = (double)*mat_at(v, i, j);
        squares += w * w;
    }
    return sqrt(squares);
}

Node *column_norms(Tape *t, Node *v) {
    Node *y = node_new(t, &norms_operation, 1, v->value.cols, v, NULL, NULL);
    for (int j = 0; j < v->value.cols; j++)
        *mat_at(y->value, 0, j) = (real)column_length(v->value, j);
    return y;
}

// sum_i dy_ij u_ij / n_j
static double length_slope(const Node *y, int j) {
    const Node *u = y->from[0], *n = y->from[2];
    double sum = 0;
    for (int i = 0; i < u->value.rows; i++)
        sum += (double)*mat_at(y->grad, i, j) * (double)*mat_at(u->value, i, j);
    return sum / (double)*mat_at(n->value, 0, j);
}

// 1 exactly, where m and n are equal.
static real factor_of(const Node *m, const Node *n, int j) {
    return *mat_at(m->value, 0, j) / *mat_at(n->value, 0, j);
}

static void scale_pull(Tape *t, Node *y) {
    Node *u = y->from[0], *m = y->from[1], *n = y->from[2];
    for (int j = 0; j < y->value.cols; j++) {
        double slope = length_slope(y, j), factor = (double)factor_of(m, n, j);
        if (wants_grad(m)) *mat_at(grad_add(t, m), 0, j) += (real)slope;
        if (wants_grad(n)) *mat_at(grad_add(t, n), 0, j) -= (real)(slope * factor);
        for (int i = 0; wants_grad(u) && i < y->value.rows; i++)
            *mat_at(grad_add(t, u), i, j) += *mat_at(y->grad, i, j) * (real)factor;
    }
}

static const Operation scale_operation = {"scale columns", scale_pull};

Node *scale_columns(Tape *t, Node *u, Node *m, Node *n) {
    assert(m->value.cols == u->value.cols && n->value.cols == u->value.cols);
    Node *y = node_new(t, &scale_operation, u->value.rows, u->value.cols, u, m, n);
    for (int j = 0; j < u->value.cols; j++) {
        real factor = factor_of(m, n, j);
        for (int i = 0; i < u->value.rows; i++)
            *mat_at(y->value, i, j) = *mat_at(u->value, i, j) * factor;
    }
    return y;
}
