#include "ch02_attention/kerple.h"

#include <math.h>
#include <stdlib.h>

enum { LOG_R1, LOG_R2, RATES };

double kerple_bias(double log_r1, double log_r2, int distance) {
    return -exp(log_r1) * log1p(exp(log_r2) * abs(distance));
}

// ---- the kind of position

static PositionParameters parameters(const PositionSpec *spec) {
    return (PositionParameters){"rates", spec->heads, RATES, 0, 0.5};
}

static void bias(const Position *p, int head, double *values, int least, int count) {
    double log_r1 = *mat_at(p->parameters, head, LOG_R1),
           log_r2 = *mat_at(p->parameters, head, LOG_R2);
    for (int n = 0; n < count; n++) values[n] = kerple_bias(log_r1, log_r2, least + n);
}

static void bias_backward(const Position *p, int head, const double *value_grads,
                          int least, int count, Mat grad) {
    double log_r1 = *mat_at(p->parameters, head, LOG_R1),
           log_r2 = *mat_at(p->parameters, head, LOG_R2), r1 = exp(log_r1),
           r2 = exp(log_r2), grad1 = 0, grad2 = 0;
    for (int n = 0; n < count; n++) {
        double s = abs(least + n);
        grad1 += value_grads[n] * kerple_bias(log_r1, log_r2, least + n);
        grad2 -= value_grads[n] * r1 * r2 * s / (1 + r2 * s);
    }
    *mat_at(grad, head, LOG_R1) += (real)grad1;
    *mat_at(grad, head, LOG_R2) += (real)grad2;
}

const PositionMethods position_kerple = {.place = POSITION_AT_SCORES,
                                         .parameters = parameters,
                                         .bias = bias,
                                         .bias_backward = bias_backward};

Position position_new_kerple(Mat rates) {
    return position_new(&(PositionSpec){POSITION_KERPLE, .heads = rates.rows}, rates);
}
