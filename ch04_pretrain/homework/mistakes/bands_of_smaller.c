// loses: 7, says: the smaller of the two, keeps: 21
// The smaller lies in the larger.
#include "ch04_pretrain/homework/hw04.h"
#define containment solved_containment
#include "../solution.c"
#undef containment

double containment(double J, double a, double b) {
    return solved_containment(J, fmin(a, b), fmax(a, b));
}
