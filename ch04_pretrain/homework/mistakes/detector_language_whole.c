// loses: 6, says: the language has no say any more, keeps: 20
// The language counts where a token was selected, too.
#include "ch04_pretrain/homework/hw04.h"
#define detector_optimum solved_detector_optimum
#include "../solution.c"
#undef detector_optimum

void detector_optimum(const double *language, const double *generator, double share,
                      int V, double *p) {
    for (int w = 0; w < V; w++) {
        double seen = language[w] + share * generator[w];
        p[w] = seen > 0 ? share * generator[w] * (1 - language[w]) / seen : 0;
    }
}
