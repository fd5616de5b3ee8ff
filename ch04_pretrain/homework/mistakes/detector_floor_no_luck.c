// loses: 6, says: as it was is also a w that is selected and drawn again, keeps: 22
// A right guess of the generator is forgotten.
#include "ch04_pretrain/homework/hw04.h"
#define detector_floor solved_detector_floor
#include "../solution.c"
#undef detector_floor

double detector_floor(const double *language, const double *generator, double share,
                      int V) {
    double nats = 0;
    for (int w = 0; w < V; w++) {
        double other = share * generator[w] * (1 - language[w]),
               kept = (1 - share) * language[w];
        if (other > 0) nats -= other * log(other / (other + kept));
        if (kept > 0) nats -= kept * log(kept / (other + kept));
    }
    return nats;
}
