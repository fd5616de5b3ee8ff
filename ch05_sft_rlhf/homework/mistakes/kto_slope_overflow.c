// loses: 4, says: infinity / infinity is NaN, keeps: 22
#include "ch05_sft_rlhf/homework/hw05.h"
#define kto_slopes solved_kto_slopes
#include "../solution.c"
#undef kto_slopes
void kto_slopes(const Judged *a, double z, KtoSettings s, double *slopes) {
    for (int i = 0; i < a->n; i++) {
        double e = exp(-s.beta * (a->h[i] - z)),
               slope = s.beta * e / ((1 + e) * (1 + e)) / a->n;
        slopes[i] = a->liked[i] ? -s.lambda_liked * slope : s.lambda_other * slope;
    }
}
