// loses: 7, says: is 0 in integers, keeps: 21
// A quotient of integers.
#include "ch04_pretrain/homework/hw04.h"
#define banding_middle solved_banding_middle
#include "../solution.c"
#undef banding_middle

double banding_middle(Banding b) { return pow(1 - pow(0.5, 1 / b.bands), 1 / b.rows); }
