// loses: 3, says: A pair i = d/2, keeps: 14
// Goes on to i = d/2.
#include "ch02_attention/homework/hw02.h"
#define base_for_context solved_base_for_context
#include "../solution.c"
#undef base_for_context

double base_for_context(double base, int dim, int trained, int target) {
    for (int i = 1; i <= dim / 2; i++)
        if (trained * pow(base, -2.0 * i / dim) < 2 * M_PI)
            return base * pow((double)target / trained, dim / (2.0 * i));
    return base;
}
