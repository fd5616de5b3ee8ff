// loses: 4, says: lambda_liked for all, keeps: 19
// One lambda.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kto_loss solved_kto_loss
#include "../solution.c"
#undef kto_loss

double kto_loss(const Judged *a, double z, KtoSettings s) {
    s.lambda_other = s.lambda_liked;
    return solved_kto_loss(a, z, s);
}
