// loses: 1, says: softmax came first, keeps: 5
// The sink is added to a sum of weights that is 1 already.
#include "ch02_attention/homework/hw02.h"
#define sink_softmax solved_sink_softmax
#include "../solution.c"
#undef sink_softmax

real sink_softmax(real *scores, size_t n, real sink) {
    real most = sink;  // the sink is a score like the others: it may be the largest
    for (size_t j = 0; j < n; j++) most = scores[j] > most ? scores[j] : most;
    if (most == -(real)INFINITY) {
        memset(scores, 0, n * sizeof *scores);
        return 0;
    }
    softmax(scores, n);
    real sink_weight = (real)exp(sink), sum = sink_weight;
    for (size_t j = 0; j < n; j++) sum += scores[j];
    for (size_t j = 0; j < n; j++) scores[j] /= sum;
    return sink_weight / sum;
}
