// loses: 4, says: all slopes have the other sign, keeps: 18
#include "ch05_sft_rlhf/homework/hw05.h"

#define kto_slopes solved_kto_slopes
#include "../solution.c"
#undef kto_slopes

void kto_slopes(const Judged *a, double z, KtoSettings s, double *slopes) {
    for (int i = 0; i < a->n; i++) {
        double x = s.beta * (a->h[i] - z),
               slope = s.beta * logistic(x) * logistic(-x) / a->n;
        slopes[i] = a->liked[i] ? s.lambda_liked * slope : -s.lambda_other * slope;
    }
}
