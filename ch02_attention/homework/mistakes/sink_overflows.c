// loses: 1, says: e^1000 overflows, keeps: 12
// The formula as it is written.
#include "ch02_attention/homework/hw02.h"
#define sink_softmax solved_sink_softmax
#include "../solution.c"
#undef sink_softmax

real sink_softmax(real *scores, size_t n, real sink) {
    real sink_weight = (real)exp(sink), sum = sink_weight;
    for (size_t j = 0; j < n; j++) sum += scores[j] = (real)exp(scores[j]);
    for (size_t j = 0; j < n; j++) scores[j] = sum > 0 ? scores[j] / sum : 0;
    return sum > 0 ? sink_weight / sum : 0;
}
