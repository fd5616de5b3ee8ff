// loses: 1, says: ln w is L_s - L itself, keeps: 19
// The logarithm of a weight that is 0 next to a far larger one.
#include "ch06_flash/homework/hw06.h"
#define parts_entropy solved_parts_entropy
#include "../solution.c"
#undef parts_entropy

double parts_entropy(const double *entropies, const double *lses, int parts) {
    double lse = log_sum_of(lses, parts), sum = 0;
    for (int s = 0; s < parts; s++) {
        double w = exp(lses[s] - lse);
        if (lses[s] > -INFINITY) sum += w * (entropies[s] - log(w));
    }
    return sum;
}
