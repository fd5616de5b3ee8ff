// loses: 7, says: J (a + b - n), keeps: 21
#include "ch04_pretrain/homework/hw04.h"

#define containment solved_containment
#include "../solution.c"
#undef containment

double containment(double J, double a, double b) { return J * (a + b) / (1 - J) / a; }
