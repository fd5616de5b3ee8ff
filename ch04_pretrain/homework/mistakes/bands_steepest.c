// loses: 7, says: not a half, keeps: 21
// The threshold of the lecture.
#include "ch04_pretrain/homework/hw04.h"
#define banding_middle solved_banding_middle
#include "../solution.c"
#undef banding_middle

double banding_middle(Banding b) { return lsh_threshold(b.rows, b.bands); }
