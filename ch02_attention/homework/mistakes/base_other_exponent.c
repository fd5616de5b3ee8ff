// loses: 3, says: base x stretch to the power 0.5, keeps: 11
// The root of the stretch.
#include "ch02_attention/homework/hw02.h"
#define base_for_stretch solved_base_for_stretch
#include "../solution.c"
#undef base_for_stretch

double base_for_stretch(double base, int dim, double stretch) {
    return base * pow(stretch, 4.0 / dim);
}
