// loses: 1, says: 0 ln 0, keeps: 19
// ln of a weight that is 0.
#include "ch06_flash/homework/hw06.h"
#define parts_entropy solved_parts_entropy
#include "../solution.c"
#undef parts_entropy

double parts_entropy(const double *entropies, const double *lses, int parts) {
    double lse = log_sum_of(lses, parts), sum = 0;
    for (int s = 0; s < parts; s++) {
        double w = exp(lses[s] - lse);
        sum += w * entropies[s] - w * log(w);
    }
    return sum;
}
