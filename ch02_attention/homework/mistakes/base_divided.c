// loses: 3, says: a longer wavelength needs a larger, keeps: 11
#include "ch02_attention/homework/hw02.h"

#define base_for_stretch solved_base_for_stretch
#include "../solution.c"
#undef base_for_stretch

double base_for_stretch(double base, int dim, double stretch) {
    return base / pow(stretch, dim / (dim - 2.0));
}
