#include "ch02_attention/alibi.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "ch02_attention/position.h"

void alibi_slopes(Mat slopes) {
    assert(slopes.rows == 1 && "alibi_slopes: slopes are 1 x heads");
    int heads = slopes.cols, power = 1;
    while (power * 2 <= heads) power *= 2;
    for (int h = 0; h < heads; h++) {
        double exponent =
            h < power ? 8.0 * (h + 1) / power : 4.0 * (2 * (h - power) + 1) / power;
        *mat_at(slopes, 0, h) = (real)exp2(-exponent);
    }
}

double alibi_weight(double slope, int n, int s) {
    return exp(-slope * s) * expm1(-slope) / expm1(-slope * n);
}

// sum s e^-ms / sum e^-ms over s = 0 .. n-1: the endless mean, less what lies beyond n.
double alibi_mean_distance(double slope, int n) {
    return 1 / expm1(slope) - n / expm1(slope * n);
}

// ---- the kind of position

static void make(Position *p) {
    if (p->owns_parameters) {  // the paper's
        p->parameters = mat_new(1, p->spec.heads);
        alibi_slopes(p->parameters);
    }
    assert(p->parameters.rows == 1 && p->parameters.cols == p->spec.heads
           && "position_new_alibi: slopes are not 1 x heads");
}

static void bias(const Position *p, int head, double *values, int least, int count) {
    double slope = *mat_at(p->parameters, 0, head);
    for (int n = 0; n < count; n++) values[n] = -slope * abs(least + n);
}

static void bias_backward(const Position *p, int head, const double *value_grads,
                          int least, int count, Mat grad) {
    (void)p;
    double slope_grad = 0;
    for (int n = 0; n < count; n++) slope_grad -= value_grads[n] * abs(least + n);
    *mat_at(grad, 0, head) += (real)slope_grad;
}

const PositionMethods position_alibi = {.place = POSITION_AT_SCORES,
                                        .make = make,
                                        .bias = bias,
                                        .bias_backward = bias_backward};

Position position_new_alibi(int heads, Mat slopes) {
    return position_new(&(PositionSpec){POSITION_ALIBI, .heads = heads}, slopes);
}
