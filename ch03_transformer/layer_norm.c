#include <assert.h>
#include <math.h>

#include "ch03_transformer/norm.h"
#include "ch03_transformer/parallel.h"

// What is saved: mean and 1 / s of every row; y is made again from x.
enum { MEAN, INVERSE, STATISTICS };

// y = (x - mean) / s, then gain y + bias. Two passes for the variance: x - mean first,
// squares then.
VEC_FUNCTION static void forward_row(real *out, real *statistics, const real *x,
                                     const real *gain, const real *bias, int n,
                                     double epsilon) {
    real mean = array_sum(x, (size_t)n) / (real)n;
    for (int j = 0; j < n; j++) out[j] = x[j] - mean;
    real variance = array_dot(out, out, (size_t)n) / (real)n;
    real inverse = 1 / (real)sqrt((double)variance + epsilon);
    for (int j = 0; j < n; j++)
        out[j] = out[j] * inverse * (gain ? gain[j] : 1) + (bias ? bias[j] : 0);
    statistics[MEAN] = mean, statistics[INVERSE] = inverse;
}

// dx = (g - mean(g) - y mean(y g)) / s with g = gain dout; gain_sum += y dout, bias_sum
// += dout.
VEC_FUNCTION static void backward_row(real *dx, bool add, real *gain_sum,
                                      real *bias_sum, const real *dout, const real *x,
                                      const real *statistics, const real *gain, int n) {
    const real mean = statistics[MEAN], inverse = statistics[INVERSE];
    Vec sum_g = {0}, sum_yg = {0};
    for (int j = 0; j < n; j += VEC_LANES) {
        int left = n - j;
        Vec d = vec_load_some(dout + j, left),
            y = (vec_load_some(x + j, left) - mean) * inverse;
        // 0 in lanes that are not there
        Vec g = gain ? d * vec_load_some(gain + j, left) : d;
        sum_g += g, sum_yg += y * g;
        if (gain_sum) vec_put(gain_sum + j, left, y * d, true);
        if (bias_sum) vec_put(bias_sum + j, left, d, true);
    }
    if (!dx) return;
    const real mean_g = vec_sum(sum_g) / (real)n, mean_yg = vec_sum(sum_yg) / (real)n;
    for (int j = 0; j < n; j += VEC_LANES) {
        int left = n - j;
        Vec d = vec_load_some(dout + j, left),
            y = (vec_load_some(x + j, left) - mean) * inverse;
        Vec g = gain ? d * vec_load_some(gain + j, left) : d;
        vec_put(dx + j, left, (g - mean_g - y * mean_yg) * inverse, add);
    }
}

static void pull(Tape *t, Node *self) {
    Node *x = self->from[0], *gain = self->from[1], *bias = self->from[2];
    Mat statistics = *(Mat *)self->saved, value = x->value, dout = self->grad, dx = {0};
    bool add = false;
    if (wants_grad(x)) dx = grad_in_place(t, x, self, &add);
    Mat gain_parts = mat_new(wants_grad(gain) ? ROW_BLOCKS : 0, value.cols);
    Mat bias_parts = mat_new(wants_grad(bias) ? ROW_BLOCKS : 0, value.cols);
#pragma omp parallel for if (worth_threads(value))
    for (int b = 0; b < ROW_BLOCKS; b++)
        for (int i = block_first(value.rows, b); i < block_first(value.rows, b + 1);
             i++)
            backward_row(dx.at ? mat_at(dx, i, 0) : NULL, add,
                         gain_parts.rows ? mat_at(gain_parts, b, 0) : NULL,
                         bias_parts.rows ? mat_at(bias_parts, b, 0) : NULL,
                         mat_at(dout, i, 0), mat_at(value, i, 0),
                         mat_at(statistics, i, 0), gain ? gain->value.at : NULL,
                         value.cols);
    if (wants_grad(gain)) parts_add(grad_add(t, gain), gain_parts);
    if (wants_grad(bias)) parts_add(grad_add(t, bias), bias_parts);
    mat_free(gain_parts), mat_free(bias_parts);
}

static const Operation layer_norm_operation = {"layer norm", pull};

Node *layer_norm(Tape *t, Node *x, Node *gain, Node *bias, double epsilon) {
    Mat value = x->value;
    assert((!gain || (gain->value.rows == 1 && gain->value.cols == value.cols))
           && "layer_norm: the gain is not 1 x d");
    assert((!bias || (bias->value.rows == 1 && bias->value.cols == value.cols))
           && "layer_norm: the bias is not 1 x d");
    Node *out =
        node_new(t, &layer_norm_operation, value.rows, value.cols, x, gain, bias);
    Mat to = out->value, statistics = tape_mat(t, value.rows, STATISTICS);
    out->saved = tape_allocate(t, sizeof statistics);
    *(Mat *)out->saved = statistics;
#pragma omp parallel for if (worth_threads(value))
    for (int i = 0; i < value.rows; i++)
        forward_row(mat_at(to, i, 0), mat_at(statistics, i, 0), mat_at(value, i, 0),
                    gain ? gain->value.at : NULL, bias ? bias->value.at : NULL,
                    value.cols, epsilon);
    return out;
}
