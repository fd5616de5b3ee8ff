#include "ch03_transformer/labs/norm_rows.h"

#include <math.h>

#include "ch03_transformer/batch_norm.h"
#include "common/numeric/vec.h"

Node *bare_layer_norm(Tape *t, Node *x, double epsilon) {
    return layer_norm(t, x, NULL, NULL, epsilon);
}
Node *bare_rms_norm(Tape *t, Node *x, double epsilon) {
    return rms_norm(t, x, NULL, epsilon);
}
Node *bare_batch_norm(Tape *t, Node *x, double epsilon) {
    return batch_norm(t, x, NULL, NULL, epsilon);
}

void norm_through(BareNorm *bare, Mat out, Mat dx, Mat x, Mat g, double epsilon) {
    Tape *t = tape_new(NULL);
    Node *from = variable_node(t, x), *to = bare(t, from, epsilon);
    if (out.at) mat_copy(out, to->value);
    if (dx.at) {
        tape_backward_from(t, to, g);
        mat_copy(dx, from->grad);
    }
    tape_free(t);
}

// Additions a number goes through: array_sum's and array_dot's four vectors and their
// tail, or one vector, as in backward.
static double sum_depth(int d) { return d / VEC_LANES + d % (4 * VEC_LANES) + 8; }

static double row_a(const RowNorm *r, real x) {
    return fabs(row_y(r, x)) + r->x_size / r->s;
}

RowNorm row_norm(NormKind kind, const real *x, const real *g, int d, double epsilon) {
    RowNorm r = {.depth = sum_depth(d)};
    for (int i = 0; i < d; i++) {
        if (kind == NORM_LAYER) r.mean += (double)x[i] / d;
        r.x_size += fabs((double)x[i]) / d;
    }
    for (int i = 0; i < d; i++) r.variance += pow(x[i] - r.mean, 2) / d;
    r.s = sqrt(r.variance + epsilon);
    for (int i = 0; g && i < d; i++) {
        r.y_g += row_y(&r, x[i]) * g[i];
        r.g_size += fabs((double)g[i]) / d;
        r.yg_size += row_a(&r, x[i]) * fabs((double)g[i]) / d;
    }
    return r;
}

double row_y(const RowNorm *r, real x) { return (x - r->mean) / r->s; }

double row_y_error(const RowNorm *r, real x) {
    return (r->depth + 5) * 0x1p-24 * row_a(r, x);
}

double row_dx_error(const RowNorm *r, real x, real g) {
    return (3.5 * r->depth + 18) * 0x1p-24
           * (fabs((double)g) + r->g_size + row_a(r, x) * r->yg_size) / r->s;
}

double mat_inner(Mat a, Mat b) {
    double sum = 0;
    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.cols; j++)
            sum += (double)*mat_at(a, i, j) * *mat_at(b, i, j);
    return sum;
}
