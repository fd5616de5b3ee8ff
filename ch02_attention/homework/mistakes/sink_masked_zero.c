// loses: 1, says: then the sink has all of the, keeps: 13
// A row that is masked leaves the sink nothing.
#include "ch02_attention/homework/hw02.h"
#define sink_softmax solved_sink_softmax
#include "../solution.c"
#undef sink_softmax

real sink_softmax(real *scores, size_t n, real sink) {
    real most = -(real)INFINITY;
    for (size_t j = 0; j < n; j++) most = scores[j] > most ? scores[j] : most;
    if (most == -(real)INFINITY) {
        memset(scores, 0, n * sizeof *scores);
        return 0;
    }
    most = sink > most ? sink : most;
    real sink_weight = (real)exp(sink - most), sum = sink_weight;
    for (size_t j = 0; j < n; j++) sum += scores[j] = (real)exp(scores[j] - most);
    for (size_t j = 0; j < n; j++) scores[j] /= sum;
    return sink_weight / sum;
}
