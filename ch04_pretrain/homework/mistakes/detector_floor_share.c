// loses: 6, says: has it already, keeps: 22
// Only selected tokens can be replaced.
#include "ch04_pretrain/homework/hw04.h"
#define detector_floor solved_detector_floor
#include "../solution.c"
#undef detector_floor

double detector_floor(const double *language, const double *generator, double share,
                      int V) {
    return share * solved_detector_floor(language, generator, share, V);
}
