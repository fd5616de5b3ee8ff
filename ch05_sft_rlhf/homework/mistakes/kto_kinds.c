// loses: 4, says: liked answers and the others are, keeps: 16
#include "ch05_sft_rlhf/homework/hw05.h"

#define kto_loss solved_kto_loss
#include "../solution.c"
#undef kto_loss

double kto_loss(const Judged *a, double z, KtoSettings s) {
    double sum = 0;
    for (int i = 0; i < a->n; i++) {
        double x = s.beta * (a->h[i] - z);
        sum +=
            !a->liked[i] ? s.lambda_liked * logistic(-x) : s.lambda_other * logistic(x);
    }
    return sum / a->n;
}
