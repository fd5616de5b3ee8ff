// loses: 6, says: that is never written there may be drawn, keeps: 21
// What is never written is never seen.
#include "ch04_pretrain/homework/hw04.h"
#define detector_optimum solved_detector_optimum
#include "../solution.c"
#undef detector_optimum

void detector_optimum(const double *language, const double *generator, double share,
                      int V, double *p) {
    solved_detector_optimum(language, generator, share, V, p);
    for (int w = 0; w < V; w++)
        if (language[w] == 0) p[w] = 0;
}
