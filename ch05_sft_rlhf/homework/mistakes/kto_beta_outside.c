// loses: 4, says: beta is a factor, but not inside, keeps: 18
// sigma of h - z.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kto_slopes solved_kto_slopes
#include "../solution.c"
#undef kto_slopes

void kto_slopes(const Judged *a, double z, KtoSettings s, double *slopes) {
    KtoSettings one = s;
    one.beta = 1;
    solved_kto_slopes(a, z, one, slopes);
    for (int i = 0; i < a->n; i++) slopes[i] *= s.beta;
}
