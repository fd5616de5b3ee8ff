// loses: 4, says: inner derivative is beta, keeps: 18
// The chain rule ends too early.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kto_slopes solved_kto_slopes
#include "../solution.c"
#undef kto_slopes

void kto_slopes(const Judged *a, double z, KtoSettings s, double *slopes) {
    solved_kto_slopes(a, z, s, slopes);
    for (int i = 0; i < a->n; i++) slopes[i] /= s.beta;
}
