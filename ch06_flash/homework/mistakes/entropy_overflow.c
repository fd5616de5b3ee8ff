// loses: 1, says: subtract the largest, keeps: 19
// The formula as it stands.
#include "ch06_flash/homework/hw06.h"
#define parts_entropy solved_parts_entropy
#include "../solution.c"
#undef parts_entropy

double parts_entropy(const double *entropies, const double *lses, int parts) {
    double all = 0, sum = 0;
    for (int s = 0; s < parts; s++) all += exp(lses[s]);
    for (int s = 0; s < parts; s++) {
        double weight = exp(lses[s]) / all;
        if (weight != 0) sum += weight * (entropies[s] - log(weight));
    }
    return sum;
}
