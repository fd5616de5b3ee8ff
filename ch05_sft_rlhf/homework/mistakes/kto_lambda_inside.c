// loses: 4, says: lambda multiplies both, keeps: 16
// 1 - lambda sigma.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kto_loss solved_kto_loss
#include "../solution.c"
#undef kto_loss

double kto_loss(const Judged *a, double z, KtoSettings s) {
    double sum = 0;
    for (int i = 0; i < a->n; i++) {
        double x = s.beta * (a->h[i] - z);
        sum += 1
               - (a->liked[i] ? s.lambda_liked * logistic(x)
                              : s.lambda_other * logistic(-x));
    }
    return sum / a->n;
}
