// loses: 7, says: (1/2)^(1/b) is 1 - s^r: 1, keeps: 21
#include "ch04_pretrain/homework/hw04.h"

#define banding_middle solved_banding_middle
#include "../solution.c"
#undef banding_middle

double banding_middle(Banding b) { return pow(pow(0.5, 1.0 / b.bands), 1.0 / b.rows); }
