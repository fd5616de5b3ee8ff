// loses: 1, says: when grad held the scores' gradient already, keeps: 13
// D is summed up again for the sink, from what has become the gradient of the scores.
#include "ch02_attention/homework/hw02.h"
#define sink_softmax_backward solved_sink_softmax_backward
#include "../solution.c"
#undef sink_softmax_backward

real sink_softmax_backward(real *grad, const real *weights, size_t n,
                           real sink_weight) {
    solved_sink_softmax_backward(grad, weights, n, sink_weight);
    real d = 0;
    for (size_t j = 0; j < n; j++) d += weights[j] * grad[j];
    return sink_weight * (0 - d);
}
