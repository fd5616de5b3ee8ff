// loses: 3, says: right for a stretch of 2, keeps: 14
// A stretch below 1 changes nothing.
#include "ch02_attention/homework/hw02.h"
#define base_for_stretch solved_base_for_stretch
#include "../solution.c"
#undef base_for_stretch

double base_for_stretch(double base, int dim, double stretch) {
    if (stretch < 1) return base;
    return base * pow(stretch, dim / (dim - 2.0));
}
