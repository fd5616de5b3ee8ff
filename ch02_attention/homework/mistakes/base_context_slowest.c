// loses: 3, says: the base of the slowest pair alone, keeps: 8
//
// The usual rule, stretch =
// target / trained: it fits the slowest pair, those next to it leave what they saw.
#include "ch02_attention/homework/hw02.h"
#define base_for_context solved_base_for_context
#include "../solution.c"
#undef base_for_context

double base_for_context(double base, int dim, int trained, int target) {
    return base_for_stretch(base, dim, (double)target / trained);
}
