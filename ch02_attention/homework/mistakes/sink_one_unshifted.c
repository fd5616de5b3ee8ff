// loses: 1, says: but not from the sink, keeps: 5
// The safe softmax with "+ 1" written into its sum: e^(s - most) / (1 + ...).
#include "ch02_attention/homework/hw02.h"
#define sink_softmax solved_sink_softmax
#include "../solution.c"
#undef sink_softmax

real sink_softmax(real *scores, size_t n, real sink) {
    real most = -(real)INFINITY;
    for (size_t j = 0; j < n; j++) most = scores[j] > most ? scores[j] : most;
    real sink_weight = (real)exp(sink), sum = sink_weight;
    for (size_t j = 0; j < n; j++) sum += scores[j] = (real)exp(scores[j] - most);
    for (size_t j = 0; j < n; j++) scores[j] /= sum;
    return sink_weight / sum;
}
