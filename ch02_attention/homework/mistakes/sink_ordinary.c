// loses: 1, says: the sink got nothing, keeps: 5
// The sink is not in the sum.
#include "ch02_attention/homework/hw02.h"
#define sink_softmax solved_sink_softmax
#include "../solution.c"
#undef sink_softmax

real sink_softmax(real *scores, size_t n, real sink) {
    (void)sink;
    softmax(scores, n);
    return 0;
}
