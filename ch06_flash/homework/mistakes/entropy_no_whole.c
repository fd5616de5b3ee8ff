// loses: 1, says: ln w is L_s - L, keeps: 15
#include "ch06_flash/homework/hw06.h"

#define parts_entropy solved_parts_entropy
#include "../solution.c"
#undef parts_entropy

double parts_entropy(const double *entropies, const double *lses, int parts) {
    double lse = log_sum_of(lses, parts), sum = 0;
    for (int s = 0; s < parts; s++)
        if (lses[s] > -INFINITY) sum += exp(lses[s] - lse) * (entropies[s] - lses[s]);
    return sum;
}
