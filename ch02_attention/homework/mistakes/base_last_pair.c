// loses: 3, says: as the last pair of a loop, keeps: 8
// Each pair asks for a base, and the last one is taken instead of the largest.
#include "ch02_attention/homework/hw02.h"
#define base_for_context solved_base_for_context
#include "../solution.c"
#undef base_for_context

double base_for_context(double base, int dim, int trained, int target) {
    double wanted = base;
    for (int i = 1; i < dim / 2; i++)
        if (trained * rope_theta(base, dim, i) < 2 * M_PI)
            wanted = base * pow((double)target / trained, dim / (2.0 * i));
    return wanted;
}
