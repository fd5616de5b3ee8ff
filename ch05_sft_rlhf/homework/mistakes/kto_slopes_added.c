// loses: 4, says: were added to what the array held, keeps: 16
// Slopes as a tape has them.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kto_slopes solved_kto_slopes
#include "../solution.c"
#undef kto_slopes

void kto_slopes(const Judged *a, double z, KtoSettings s, double *slopes) {
    double *more = allocate((size_t)a->n, sizeof *more);
    solved_kto_slopes(a, z, s, more);
    for (int i = 0; i < a->n; i++) slopes[i] += more[i];
    free(more);
}
