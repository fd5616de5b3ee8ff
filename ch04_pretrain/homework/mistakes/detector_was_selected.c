// loses: 6, says: the probability that w was *selected*, keeps: 20
// Of the token being drawn anew, not of being another.
#include "ch04_pretrain/homework/hw04.h"
#define detector_optimum solved_detector_optimum
#include "../solution.c"
#undef detector_optimum

void detector_optimum(const double *language, const double *generator, double share,
                      int V, double *p) {
    for (int w = 0; w < V; w++) {
        double drawn = share * generator[w], kept = (1 - share) * language[w];
        p[w] = drawn + kept > 0 ? drawn / (drawn + kept) : 0;
    }
}
