// loses: 3, says: the exponent is upside down, keeps: 11
// (d-2)/d instead of d/(d-2).
#include "ch02_attention/homework/hw02.h"
#define base_for_stretch solved_base_for_stretch
#include "../solution.c"
#undef base_for_stretch

double base_for_stretch(double base, int dim, double stretch) {
    return base * pow(stretch, (dim - 2.0) / dim);
}
