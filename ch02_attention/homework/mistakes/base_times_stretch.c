// loses: 3, says: not d/2, keeps: 11
// As if the slowest pair turned with 1/base.
#include "ch02_attention/homework/hw02.h"
#define base_for_stretch solved_base_for_stretch
#include "../solution.c"
#undef base_for_stretch

double base_for_stretch(double base, int dim, double stretch) {
    (void)dim;
    return base * stretch;
}
