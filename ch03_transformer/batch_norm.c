#include "ch03_transformer/batch_norm.h"

#include <assert.h>
#include <math.h>

// For the contrast, not for speed: one column after the other, in double.

typedef struct {
    Mat mean, inverse;  // 1 x d
} Saved;

static double normalised(Mat x, const Saved *s, int i, int j) {
    return (double)(*mat_at(x, i, j) - *mat_at(s->mean, 0, j))
           * (double)*mat_at(s->inverse, 0, j);
}

static void pull(Tape *t, Node *self) {
    Node *x = self->from[0], *gain = self->from[1], *bias = self->from[2];
    const Saved *s = self->saved;
    Mat dout = self->grad, value = x->value;
    for (int j = 0; j < value.cols; j++) {
        double sum = 0, sum_y = 0,
               scale = gain ? (double)*mat_at(gain->value, 0, j) : 1;
        for (int i = 0; i < value.rows; i++) {
            sum += (double)*mat_at(dout, i, j);
            sum_y += (double)*mat_at(dout, i, j) * normalised(value, s, i, j);
        }
        if (wants_grad(gain)) *mat_at(grad_add(t, gain), 0, j) += (real)sum_y;
        if (wants_grad(bias)) *mat_at(grad_add(t, bias), 0, j) += (real)sum;
        if (!wants_grad(x)) continue;
        Mat dx = grad_add(t, x);
        for (int i = 0; i < value.rows; i++) {
            double g = (double)*mat_at(dout, i, j)
                       - (sum + normalised(value, s, i, j) * sum_y) / value.rows;
            *mat_at(dx, i, j) += (real)(scale * g * (double)*mat_at(s->inverse, 0, j));
        }
    }
}

static const Operation batch_norm_operation = {"batch norm", pull};

Node *batch_norm(Tape *t, Node *x, Node *gain, Node *bias, double epsilon) {
    Mat value = x->value;
    assert(value.rows > 0 && "batch_norm: no rows");
    Node *out =
        node_new(t, &batch_norm_operation, value.rows, value.cols, x, gain, bias);
    Saved *s = out->saved = tape_allocate(t, sizeof *s);
    *s = (Saved){tape_mat(t, 1, value.cols), tape_mat(t, 1, value.cols)};
    for (int j = 0; j < value.cols; j++) {
        double sum = 0, squares = 0;
        for (int i = 0; i < value.rows; i++) sum += (double)*mat_at(value, i, j);
        double mean = sum / value.rows;
        for (int i = 0; i < value.rows; i++)
            squares += pow((double)*mat_at(value, i, j) - mean, 2);
        *mat_at(s->mean, 0, j) = (real)mean;
        *mat_at(s->inverse, 0, j) = (real)(1 / sqrt(squares / value.rows + epsilon));
        for (int i = 0; i < value.rows; i++)
            *mat_at(out->value, i, j) =
                (real)(normalised(value, s, i, j)
                           * (gain ? (double)*mat_at(gain->value, 0, j) : 1)
                       + (bias ? (double)*mat_at(bias->value, 0, j) : 0));
    }
    return out;
}
