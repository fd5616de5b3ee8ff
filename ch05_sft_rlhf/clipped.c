#include "ch05_sft_rlhf/clipped.h"

#include <math.h>

Clipped clipped_objective(double log_pi, double log_old, double advantage, double eps) {
    double ratio = exp(log_pi - log_old), near = fmin(fmax(ratio, 1 - eps), 1 + eps);
    Clipped c = {.value = fmin(ratio * advantage, near * advantage)};
    c.flat = advantage > 0 ? ratio > 1 + eps : advantage < 0 && ratio < 1 - eps;
    c.slope = c.flat ? 0 : ratio * advantage;
    return c;
}

Clipped clipped_value_loss(double value, double old, double target, double eps) {
    double moved = value - old, near = old + fmin(fmax(moved, -eps), eps);
    double plain = pow(value - target, 2) / 2, clipped = pow(near - target, 2) / 2;
    // not near != value: old + (value - old) is rounded
    bool flat = fabs(moved) > eps && clipped > plain;
    return (Clipped){flat ? clipped : plain, flat ? 0 : value - target, flat};
}
