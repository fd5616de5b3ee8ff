// loses: 3, says: a turn is 2 pi, keeps: 8
#include "ch02_attention/homework/hw02.h"

#define base_for_context solved_base_for_context
#include "../solution.c"
#undef base_for_context

double base_for_context(double base, int dim, int trained, int target) {
    for (int i = 1; i < dim / 2; i++)
        if (trained * rope_theta(base, dim, i) < M_PI)
            return base * pow((double)target / trained, dim / (2.0 * i));
    return base;
}
