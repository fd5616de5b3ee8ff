// loses: 1, says: where score 0 alone is large, keeps: 12
// Looks for the largest score from the second one on.
#include "ch02_attention/homework/hw02.h"
#define sink_softmax solved_sink_softmax
#include "../solution.c"
#undef sink_softmax

real sink_softmax(real *scores, size_t n, real sink) {
    real most = sink;
    for (size_t j = 1; j < n; j++) most = fmaxf(most, scores[j]);
    if (most == -INFINITY) return solved_sink_softmax(scores, n, sink);
    double left = exp(sink - most), sum = left;
    for (size_t j = 0; j < n; j++) sum += scores[j] = (real)exp(scores[j] - most);
    for (size_t j = 0; j < n; j++) scores[j] = (real)(scores[j] / sum);
    return (real)(left / sum);
}
