// loses: 3, says: the exponent d/(2i) is missing, or was divided in integers, keeps: 8
// dim / (2 i) is a quotient of integers.
#include "ch02_attention/homework/hw02.h"
#define base_for_context solved_base_for_context
#include "../solution.c"
#undef base_for_context

double base_for_context(double base, int dim, int trained, int target) {
    for (int i = 1; i < dim / 2; i++)
        if (trained * rope_theta(base, dim, i) < 2 * M_PI)
            return base * pow((double)target / trained, dim / (2 * i));
    return base;
}
