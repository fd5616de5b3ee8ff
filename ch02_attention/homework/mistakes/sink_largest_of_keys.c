// loses: 1, says: The sink may be the largest itself, keeps: 12
//
// The largest is taken
// over the keys only: right, until all scores are far below the sink.
#include "ch02_attention/homework/hw02.h"
#define sink_softmax solved_sink_softmax
#include "../solution.c"
#undef sink_softmax

real sink_softmax(real *scores, size_t n, real sink) {
    real most = -(real)INFINITY;
    for (size_t j = 0; j < n; j++) most = scores[j] > most ? scores[j] : most;
    if (most == -(real)INFINITY) return solved_sink_softmax(scores, n, sink);
    real sink_weight = (real)exp(sink - most), sum = sink_weight;
    for (size_t j = 0; j < n; j++) sum += scores[j] = (real)exp(scores[j] - most);
    for (size_t j = 0; j < n; j++) scores[j] /= sum;
    return sink_weight / sum;
}
