#include <assert.h>
#include <math.h>

#include "ch03_transformer/norm.h"
#include "ch03_transformer/parallel.h"

// y = x / s, out = gain y; returns 1 / s.
VEC_FUNCTION static real forward_row(real *out, const real *x, const real *gain, int n,
                                     double epsilon) {
    real inverse =
        1 / (real)sqrt((double)(array_dot(x, x, (size_t)n) / (real)n) + epsilon);
    for (int j = 0; j < n; j++) out[j] = x[j] * inverse * (gain ? gain[j] : 1);
    return inverse;
}

// dx = (g - y mean(y g)) / s with g = gain dout; gain_sum += y dout.
VEC_FUNCTION static void backward_row(real *dx, bool add, real *gain_sum,
                                      const real *dout, const real *x, real inverse,
                                      const real *gain, int n) {
    Vec sum = {0};
    for (int j = 0; j < n; j += VEC_LANES) {
        int left = n - j;
        Vec yd = vec_load_some(x + j, left) * inverse * vec_load_some(dout + j, left);
        sum += gain ? yd * vec_load_some(gain + j, left) : yd;
        if (gain_sum) vec_put(gain_sum + j, left, yd, true);
    }
    if (!dx) return;
    const real mean = vec_sum(sum) / (real)n;
    for (int j = 0; j < n; j += VEC_LANES) {
        int left = n - j;
        Vec d = vec_load_some(dout + j, left), y = vec_load_some(x + j, left) * inverse;
        Vec g = gain ? d * vec_load_some(gain + j, left) : d;
        vec_put(dx + j, left, (g - y * mean) * inverse, add);
    }
}

static void pull(Tape *t, Node *self) {
    Node *x = self->from[0], *gain = self->from[1];
    Mat inverse = *(Mat *)self->saved, value = x->value, dout = self->grad, dx = {0};
    bool add = false;
    if (wants_grad(x)) dx = grad_in_place(t, x, self, &add);
    Mat parts = mat_new(wants_grad(gain) ? ROW_BLOCKS : 0, value.cols);
#pragma omp parallel for if (worth_threads(value))
    for (int b = 0; b < ROW_BLOCKS; b++)
        for (int i = block_first(value.rows, b); i < block_first(value.rows, b + 1);
             i++)
            backward_row(dx.at ? mat_at(dx, i, 0) : NULL, add,
                         parts.rows ? mat_at(parts, b, 0) : NULL, mat_at(dout, i, 0),
                         mat_at(value, i, 0), *mat_at(inverse, i, 0),
                         gain ? gain->value.at : NULL, value.cols);
    if (wants_grad(gain)) parts_add(grad_add(t, gain), parts);
    mat_free(parts);
}

static const Operation rms_norm_operation = {"rms norm", pull};

Node *rms_norm(Tape *t, Node *x, Node *gain, double epsilon) {
    Mat value = x->value;
    assert((!gain || (gain->value.rows == 1 && gain->value.cols == value.cols))
           && "rms_norm: the gain is not 1 x d");
    Node *out = node_new(t, &rms_norm_operation, value.rows, value.cols, x, gain, NULL);
    Mat to = out->value, inverse = tape_mat(t, value.rows, 1);
    out->saved = tape_allocate(t, sizeof inverse);
    *(Mat *)out->saved = inverse;
#pragma omp parallel for if (worth_threads(value))
    for (int i = 0; i < value.rows; i++)
        *mat_at(inverse, i, 0) =
            forward_row(mat_at(to, i, 0), mat_at(value, i, 0),
                        gain ? gain->value.at : NULL, value.cols, epsilon);
    return out;
}
