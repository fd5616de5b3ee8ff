#include "ch03_transformer/tests/gradients.h"

#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/arithmetic.h"

static double loss_of(Tape *t, BuildLoss *build, void *context) {
    double loss = (double)*build(t, context)->value.at;
    tape_reset(t);
    return loss;
}

// (f(-2h) - 8 f(-h) + 8 f(h) - f(2h)) / 12 h, off by h^4 f''''' / 30.
static double difference(Tape *t, BuildLoss *build, void *context, real *x) {
    const double h = sizeof(real) == 8 ? 1e-4 : 1e-2;
    const double step[] = {-2, -1, 1, 2}, weight[] = {1, -8, 8, -1};
    real before = *x;
    double sum = 0;
    for (int i = 0; i < 4; i++) {
        *x = before + (real)(step[i] * h);
        sum += weight[i] * loss_of(t, build, context);
    }
    *x = before;
    return sum / (12 * h);
}

double gradient_tolerance(void) { return sizeof(real) == 8 ? 1e-7 : 1e30; }

double gradient_error(Params *p, BuildLoss *build, void *context, int most) {
    Rng rng = rng_new(7);
    Tape *t = tape_new(p);
    params_zero_grads(p);
    // twice: gradients of parameters are added to what is there
    for (int i = 0; i < 2; i++) {
        tape_backward(t, build(t, context));
        tape_reset(t);
    }
    for (size_t i = 0; i < p->grad_size; i++) p->grads[i] /= 2;
    double largest = 0, worst = 0;
    for (size_t i = 0; i < p->grad_size; i++)
        largest = fmax(largest, fabs((double)p->grads[i]));
    for (int k = 0; k < p->count; k++) {
        Mat value = params_value(p, k), grad = params_grad(p, k);
        int size = value.rows * value.cols, n = size < most ? size : most;
        for (int i = 0; i < n && grad.at; i++) {
            int at = n == size ? i : rng_below(&rng, size);
            double exact = (double)grad.at[at],
                   measured = difference(t, build, context, &value.at[at]);
            double error = fabs(exact - measured) / fmax(fabs(exact), largest / 1000);
            worst = isnan(error) ? INFINITY : fmax(worst, error);
        }
    }
    tape_free(t);
    return largest > 0 ? worst : INFINITY;  // all zero: nothing was tested
}

Node *random_loss(Tape *t, Node *y) {
    Rng rng = rng_new(99);
    Mat r = tape_mat(t, y->value.rows, y->value.cols);
    rng_fill_normal(&rng, r, 1);
    return mean(t, product(t, y, constant_node(t, r)));
}

Mat random_mat(Rng *rng, int rows, int cols, double sd) {
    Mat m = mat_new(rows, cols);
    rng_fill_normal(rng, m, sd);
    return m;
}

double largest_difference(Mat a, Mat b) {
    double largest = 0;
    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.cols; j++) {
            double d = fabs((double)(*mat_at(a, i, j) - *mat_at(b, i, j)));
            largest = isnan(d) ? INFINITY : fmax(largest, d);
        }
    return largest;
}
