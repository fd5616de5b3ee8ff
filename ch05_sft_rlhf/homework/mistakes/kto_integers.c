// loses: 4, says: others / liked is a quotient, keeps: 23
#include "ch05_sft_rlhf/homework/hw05.h"

#define kto_balanced solved_kto_balanced
#include "../solution.c"
#undef kto_balanced

KtoSettings kto_balanced(int liked, int others, double ratio, double beta) {
    double quotient = ratio * (others / liked);  // lambda_liked / lambda_other
    return quotient >= 1 ? (KtoSettings){beta, quotient, 1}
                         : (KtoSettings){beta, 1, 1 / quotient};
}
