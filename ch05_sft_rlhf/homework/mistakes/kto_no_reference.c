// loses: 4, says: it is from z, keeps: 19
// h is measured from 0.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kto_loss solved_kto_loss
#include "../solution.c"
#undef kto_loss

double kto_loss(const Judged *a, double z, KtoSettings s) {
    (void)z;
    return solved_kto_loss(a, 0, s);
}
