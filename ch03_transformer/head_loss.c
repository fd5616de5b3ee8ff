#include "ch03_transformer/head_loss.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "ch03_transformer/parallel.h"

typedef struct {
    const int *targets;
    int counted;
    Mat e;     // rows x V
    Mat sums;  // rows x 1: S
} Saved;

// ---- forward

// l becomes E, *sum S; returns -ln p(target).
static double row_forward(real *l, real *sum, int target, int n) {
    *sum = 1;
    if (target < 0) return memset(l, 0, (size_t)n * sizeof *l), 0;
    const real most = array_max(l, (size_t)n), chosen = l[target];
    *sum = array_exp_sum(l, l, (size_t)n, most);
    l[target] -= *sum;
    return (double)most - (double)chosen + log((double)*sum);
}

// losses[i]: -ln p_i(target_i), 0 where it is ignored.
static void forward(const Saved *s, Mat x, Mat w, const real *bias, double *losses) {
    matmul(s->e, x, w);
#pragma omp parallel for if (worth_threads(s->e))
    for (int i = 0; i < x.rows; i++) {
        real *l = mat_at(s->e, i, 0);
        for (int j = 0; bias && j < w.cols; j++) l[j] += bias[j];
        losses[i] = row_forward(l, mat_at(s->sums, i, 0), s->targets[i], w.cols);
    }
}

// ---- backward

// to_i = or += slopes_i from_i.
static void put_rows_scaled(Mat to, bool add, Mat slopes, Mat from) {
    for (int i = 0; i < to.rows; i++) {
        real *y = mat_at(to, i, 0), slope = *mat_at(slopes, i, 0);
        const real *x = mat_at(from, i, 0);
        if (add)
            for (int j = 0; j < to.cols; j++) y[j] += slope * x[j];
        else
            for (int j = 0; j < to.cols; j++) y[j] = slope * x[j];
    }
}

static void pull_x(Tape *t, Node *x, const Saved *s, Mat slopes, Mat w) {
    bool add;
    Mat dx = grad_write(t, x, &add),
        product = add ? mat_new(x->value.rows, x->value.cols) : dx;
    matmul(product, s->e, mat_transpose(w));
    put_rows_scaled(dx, add, slopes, product);
    tape_count_flops(t, 2.0 * w.rows * w.cols * x->value.rows);
    if (add) mat_free(product);
}

static void pull_w(Tape *t, Node *w, const Saved *s, Mat slopes, Mat x) {
    Mat scaled = mat_new(x.rows, x.cols);
    put_rows_scaled(scaled, false, slopes, x);
    grad_matmul(t, w, mat_transpose(scaled), s->e);
    mat_free(scaled);
}

static void pull(Tape *t, Node *loss) {
    const Saved *s = loss->saved;
    Node *x = loss->from[0], *w = loss->from[1], *bias = loss->from[2];
    Mat slopes = mat_new(s->sums.rows, 1);
    for (int i = 0; i < slopes.rows && s->counted; i++)
        slopes.at[i] = *loss->grad.at / ((real)s->counted * s->sums.at[i]);
    if (wants_grad(x)) pull_x(t, x, s, slopes, w->value);
    if (wants_grad(w)) pull_w(t, w, s, slopes, x->value);
    if (wants_grad(bias)) matmul_add(grad_add(t, bias), mat_transpose(slopes), s->e);
    mat_free(slopes);
}

// ---- the operation

static const Operation operation = {"output, loss", pull};

static const int *copy_of(Tape *t, const int *targets, int n) {
    int *copy = tape_allocate(t, (size_t)n * sizeof *copy);
    return memcpy(copy, targets, (size_t)n * sizeof *copy);
}

Node *linear_cross_entropy(Tape *t, Node *x, Node *w, Node *bias, const int *targets) {
    const int rows = x->value.rows, vocabulary = w->value.cols;
    assert(x->value.cols == w->value.rows
           && "linear_cross_entropy: x is not rows x in, or W not in x V");
    assert((!bias || (bias->value.rows == 1 && bias->value.cols == vocabulary))
           && "linear_cross_entropy: the bias is not 1 x V");
    Node *loss = node_new(t, &operation, 1, 1, x, w, bias);
    Saved *s = loss->saved = tape_allocate(t, sizeof *s);
    *s = (Saved){.targets = copy_of(t, targets, rows),
                 .e = tape_mat(t, rows, vocabulary),
                 .sums = tape_mat(t, rows, 1)};
    for (int i = 0; i < rows; i++) {
        assert(targets[i] < vocabulary
               && "linear_cross_entropy: a target is not a column of the logits");
        s->counted += targets[i] >= 0;
    }
    double *losses = tape_allocate(t, (size_t)rows * sizeof *losses), sum = 0;
    forward(s, x->value, w->value, bias ? bias->value.at : NULL, losses);
    for (int i = 0; i < rows; i++) sum += losses[i];
    *loss->value.at = s->counted ? (real)(sum / s->counted) : 0;
    tape_count_flops(t, 2.0 * rows * x->value.cols * vocabulary);
    return loss;
}
