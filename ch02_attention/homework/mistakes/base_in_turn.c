// loses: 3, says: each pair's base was made of that of the pair before, keeps: 8
// The base grows within the loop.
#include "ch02_attention/homework/hw02.h"
#define base_for_context solved_base_for_context
#include "../solution.c"
#undef base_for_context

double base_for_context(double base, int dim, int trained, int target) {
    for (int i = 1; i < dim / 2; i++)
        if (trained * rope_theta(base, dim, i) < 2 * M_PI)
            base *= pow((double)target / trained, dim / (2.0 * i));
    return base;
}
