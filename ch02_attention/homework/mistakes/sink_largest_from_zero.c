// loses: 1, says: begin with one of them, not with 0, keeps: 12
// The largest is looked for from 0 on: right, until all scores are far below 0.
#include "ch02_attention/homework/hw02.h"
#define sink_softmax solved_sink_softmax
#include "../solution.c"
#undef sink_softmax

real sink_softmax(real *scores, size_t n, real sink) {
    real most = 0;
    for (size_t j = 0; j < n; j++) most = scores[j] > most ? scores[j] : most;
    real sink_weight = (real)exp(sink - most), sum = sink_weight;
    for (size_t j = 0; j < n; j++) sum += scores[j] = (real)exp(scores[j] - most);
    for (size_t j = 0; j < n && sum > 0; j++) scores[j] /= sum;
    return sum > 0 ? sink_weight / sum : 0;
}
