#include "ch03_transformer/arithmetic.h"

#include <assert.h>
#include <string.h>

#include "ch02_attention/softmax.h"
#include "ch03_transformer/parallel.h"

static void check_same_shape(const Node *a, const Node *b) {
    assert(a->value.rows == b->value.rows && a->value.cols == b->value.cols
           && "two nodes differ in shape");
    (void)a, (void)b;
}

// to = (or +=) factor from, and, with `by`, times by, number by number.
static void put_scaled(Mat to, bool add_to, real factor, Mat from, const Mat *by) {
#pragma omp parallel for if (worth_threads(to))
    for (int i = 0; i < to.rows; i++) {
        real *x = mat_at(to, i, 0);
        const real *y = mat_at(from, i, 0), *z = by ? mat_at(*by, i, 0) : NULL;
        if (z && add_to)
            for (int j = 0; j < to.cols; j++) x[j] += factor * y[j] * z[j];
        else if (z)
            for (int j = 0; j < to.cols; j++) x[j] = factor * y[j] * z[j];
        else if (add_to)
            for (int j = 0; j < to.cols; j++) x[j] += factor * y[j];
        else
            for (int j = 0; j < to.cols; j++) x[j] = factor * y[j];
    }
}

// ---- add, subtract: y = a + sign b

static void put_sum(Mat y, Mat a, real sign, Mat b) {
#pragma omp parallel for if (worth_threads(y))
    for (int i = 0; i < y.rows; i++) {
        real *to = mat_at(y, i, 0);
        const real *p = mat_at(a, i, 0), *q = mat_at(b, i, 0);
        for (int j = 0; j < y.cols; j++) to[j] = p[j] + sign * q[j];
    }
}

static void add_pull(Tape *t, Node *y) {
    grad_share(t, y->from[0], y);
    grad_share(t, y->from[1], y);
}

static void subtract_pull(Tape *t, Node *y) {
    grad_share(t, y->from[0], y);
    if (!wants_grad(y->from[1])) return;
    bool add_to;
    Mat grad = grad_write(t, y->from[1], &add_to);
    put_scaled(grad, add_to, -1, y->grad, NULL);
}

static const Operation add_operation = {"add", add_pull},
                       subtract_operation = {"subtract", subtract_pull};

Node *add(Tape *t, Node *a, Node *b) {
    check_same_shape(a, b);
    Node *y = node_new(t, &add_operation, a->value.rows, a->value.cols, a, b, NULL);
    put_sum(y->value, a->value, 1, b->value);
    return y;
}

Node *subtract(Tape *t, Node *a, Node *b) {
    check_same_shape(a, b);
    Node *y =
        node_new(t, &subtract_operation, a->value.rows, a->value.cols, a, b, NULL);
    put_sum(y->value, a->value, -1, b->value);
    return y;
}

// ---- scale

static void scale_pull(Tape *t, Node *y) {
    bool add_to;
    Mat grad = grad_in_place(t, y->from[0], y, &add_to);
    put_scaled(grad, add_to, (real) * (double *)y->saved, y->grad, NULL);
}

static const Operation scale_operation = {"scale", scale_pull};

Node *scale(Tape *t, Node *x, double c) {
    Node *y =
        node_new(t, &scale_operation, x->value.rows, x->value.cols, x, NULL, NULL);
    y->saved = tape_allocate(t, sizeof c);
    memcpy(y->saved, &c, sizeof c);
    put_scaled(y->value, false, (real)c, x->value, NULL);
    return y;
}

// ---- product

static void product_pull(Tape *t, Node *y) {
    for (int k = 0; k < 2; k++) {
        if (!wants_grad(y->from[k])) continue;
        bool add_to;
        Mat grad = grad_write(t, y->from[k], &add_to);
        put_scaled(grad, add_to, 1, y->grad, &y->from[1 - k]->value);
    }
}

static const Operation product_operation = {"product", product_pull};

Node *product(Tape *t, Node *a, Node *b) {
    check_same_shape(a, b);
    Node *y = node_new(t, &product_operation, a->value.rows, a->value.cols, a, b, NULL);
    put_scaled(y->value, false, 1, a->value, &b->value);
    return y;
}

// ---- add_bias

static void add_bias_pull(Tape *t, Node *y) {
    grad_share(t, y->from[0], y);
    if (wants_grad(y->from[1])) rows_sum_add(grad_add(t, y->from[1]), y->grad);
}

static const Operation add_bias_operation = {"add bias", add_bias_pull};

Node *add_bias(Tape *t, Node *x, Node *bias) {
    assert(bias->value.rows == 1 && bias->value.cols == x->value.cols
           && "add_bias: the bias is not 1 x cols");
    Node *y =
        node_new(t, &add_bias_operation, x->value.rows, x->value.cols, x, bias, NULL);
    for (int i = 0; i < x->value.rows; i++)
        put_sum(mat_rows(y->value, i, 1), mat_rows(x->value, i, 1), 1, bias->value);
    return y;
}

// ---- mean

static void mean_pull(Tape *t, Node *y) {
    Node *x = y->from[0];
    Mat grad = grad_add(t, x);
    real share = (real)((double)*y->grad.at / ((double)grad.rows * grad.cols));
    for (int i = 0; i < grad.rows; i++)
        for (int j = 0; j < grad.cols; j++) *mat_at(grad, i, j) += share;
}

static const Operation mean_operation = {"mean", mean_pull};

Node *mean(Tape *t, Node *x) {
    assert(x->value.rows > 0 && x->value.cols > 0 && "mean: of nothing");
    Node *y = node_new(t, &mean_operation, 1, 1, x, NULL, NULL);
    double sum = 0;
    for (int i = 0; i < x->value.rows; i++)
        sum += (double)array_sum(mat_at(x->value, i, 0), (size_t)x->value.cols);
    *y->value.at = (real)(sum / ((double)x->value.rows * x->value.cols));
    return y;
}

// ---- scale_rows

static void scale_rows_pull(Tape *t, Node *y) {
    Node *x = y->from[0], *factors = y->from[1];
    bool add_to;
    Mat dy = y->grad, c = factors->value;
    if (wants_grad(factors)) {
        Mat grad = grad_add(t, factors);
        for (int i = 0; i < dy.rows; i++)
            *mat_at(grad, i, 0) +=
                array_dot(mat_at(x->value, i, 0), mat_at(dy, i, 0), (size_t)dy.cols);
    }
    if (!wants_grad(x)) return;
    Mat grad = grad_write(t, x, &add_to);
    for (int i = 0; i < dy.rows; i++)
        put_scaled(mat_rows(grad, i, 1), add_to, *mat_at(c, i, 0), mat_rows(dy, i, 1),
                   NULL);
}

static const Operation scale_rows_operation = {"scale rows", scale_rows_pull};

Node *scale_rows(Tape *t, Node *x, Node *factors) {
    assert(factors->value.rows == x->value.rows && factors->value.cols == 1
           && "scale_rows: the factors are not rows x 1");
    Node *y = node_new(t, &scale_rows_operation, x->value.rows, x->value.cols, x,
                       factors, NULL);
    for (int i = 0; i < x->value.rows; i++)
        put_scaled(mat_rows(y->value, i, 1), false, *mat_at(factors->value, i, 0),
                   mat_rows(x->value, i, 1), NULL);
    return y;
}

// ---- softmax_rows

static void softmax_pull(Tape *t, Node *y) {
    bool add_to;
    Mat p = y->value, dy = y->grad, grad = grad_in_place(t, y->from[0], y, &add_to);
    for (int i = 0; i < p.rows; i++) {
        real *to = mat_at(grad, i, 0);
        const real *weight = mat_at(p, i, 0), *slope = mat_at(dy, i, 0);
        real mean_slope = array_dot(weight, slope, (size_t)p.cols);
        for (int j = 0; j < p.cols; j++)
            to[j] = (add_to ? to[j] : 0) + weight[j] * (slope[j] - mean_slope);
    }
}

static const Operation softmax_operation = {"softmax", softmax_pull};

Node *softmax_rows(Tape *t, Node *x) {
    Node *y =
        node_new(t, &softmax_operation, x->value.rows, x->value.cols, x, NULL, NULL);
    mat_copy(y->value, x->value);
    for (int i = 0; i < y->value.rows; i++)
        softmax(mat_at(y->value, i, 0), (size_t)y->value.cols);
    return y;
}

// ---- rows

static void slice_pull(Tape *t, Node *y) {
    Mat part = mat_rows(grad_add(t, y->from[0]), *(int *)y->saved, y->value.rows);
    put_scaled(part, true, 1, y->grad, NULL);
}

static const Operation slice_operation = {"slice rows", slice_pull};

Node *slice_rows(Tape *t, Node *x, int first, int count) {
    Node *y = node_new(t, &slice_operation, count, x->value.cols, x, NULL, NULL);
    y->saved = tape_allocate(t, sizeof first);
    memcpy(y->saved, &first, sizeof first);
    put_scaled(y->value, false, 1, mat_rows(x->value, first, count), NULL);
    return y;
}

static void concat_pull(Tape *t, Node *y) {
    for (int k = 0, first = 0; k < 2; first += y->from[k++]->value.rows) {
        if (!wants_grad(y->from[k])) continue;
        bool add_to;
        Mat grad = grad_write(t, y->from[k], &add_to);
        put_scaled(grad, add_to, 1, mat_rows(y->grad, first, grad.rows), NULL);
    }
}

static const Operation concat_operation = {"concat rows", concat_pull};

Node *concat_rows(Tape *t, Node *a, Node *b) {
    assert(a->value.cols == b->value.cols
           && "concat_rows: two nodes differ in columns");
    Node *y = node_new(t, &concat_operation, a->value.rows + b->value.rows,
                       a->value.cols, a, b, NULL);
    put_scaled(mat_rows(y->value, 0, a->value.rows), false, 1, a->value, NULL);
    put_scaled(mat_rows(y->value, a->value.rows, b->value.rows), false, 1, b->value,
               NULL);
    return y;
}
