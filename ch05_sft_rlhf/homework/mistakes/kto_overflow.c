// loses: 4, says: use e^-|x|, keeps: 22
// sigma as it is written.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kto_slopes solved_kto_slopes
#include "../solution.c"
#undef kto_slopes

void kto_slopes(const Judged *a, double z, KtoSettings s, double *slopes) {
    for (int i = 0; i < a->n; i++) {
        double e = exp(s.beta * (a->h[i] - z)), inner = e / ((1 + e) * (1 + e));
        slopes[i] =
            (a->liked[i] ? -s.lambda_liked : s.lambda_other) * s.beta * inner / a->n;
    }
}
