// loses: 1, says: D misses its first term, keeps: 10
// The loop over weights begins at 1.
#include "ch02_attention/homework/hw02.h"
#define sink_softmax_backward solved_sink_softmax_backward
#include "../solution.c"
#undef sink_softmax_backward

real sink_softmax_backward(real *grad, const real *weights, size_t n,
                           real sink_weight) {
    real d = 0;
    for (size_t j = 1; j < n; j++) d += weights[j] * grad[j];
    for (size_t j = 0; j < n; j++) grad[j] = weights[j] * (grad[j] - d);
    return sink_weight * (0 - d);
}
