// loses: 2, says: not the sum over steps, keeps: 23
// The area of the trapezoid, with its ends counted half.
#include "ch04_pretrain/homework/hw04.h"
#define wsd_area solved_wsd_area
#include "../solution.c"
#undef wsd_area

double wsd_area(const Wsd *s) { return solved_wsd_area(s) - s->last / 2; }
