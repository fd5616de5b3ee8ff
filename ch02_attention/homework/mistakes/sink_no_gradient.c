// loses: 1, says: the sink's gradient is 0, keeps: 13
// The value of the sink is 0, so nothing seems to flow into it.
#include "ch02_attention/homework/hw02.h"
#define sink_softmax_backward solved_sink_softmax_backward
#include "../solution.c"
#undef sink_softmax_backward

real sink_softmax_backward(real *grad, const real *weights, size_t n,
                           real sink_weight) {
    solved_sink_softmax_backward(grad, weights, n, sink_weight);
    return 0;
}
