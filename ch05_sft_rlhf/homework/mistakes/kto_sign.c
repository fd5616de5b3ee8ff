// loses: 4, says: has the sign turned, keeps: 19
// What was not liked is treated as liked.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kto_loss solved_kto_loss
#include "../solution.c"
#undef kto_loss

double kto_loss(const Judged *a, double z, KtoSettings s) {
    double sum = 0;
    for (int i = 0; i < a->n; i++)
        sum += (a->liked[i] ? s.lambda_liked : s.lambda_other)
               * logistic(-s.beta * (a->h[i] - z));
    return sum / a->n;
}
