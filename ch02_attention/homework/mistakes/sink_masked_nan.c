// loses: 1, says: -inf - -inf, keeps: 13
// The contract's last sentence: a row without any key, and without a sink.
#include "ch02_attention/homework/hw02.h"
#define sink_softmax solved_sink_softmax
#include "../solution.c"
#undef sink_softmax

real sink_softmax(real *scores, size_t n, real sink) {
    real most = sink;
    for (size_t j = 0; j < n; j++) most = scores[j] > most ? scores[j] : most;
    real sink_weight = (real)exp(sink - most), sum = sink_weight;
    for (size_t j = 0; j < n; j++) sum += scores[j] = (real)exp(scores[j] - most);
    for (size_t j = 0; j < n; j++) scores[j] /= sum;
    return sink_weight / sum;
}
