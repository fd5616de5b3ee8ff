// loses: 4, says: the rarer kind gets the larger one, keeps: 21
// The kind with more examples gets more weight.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kto_balanced solved_kto_balanced
#include "../solution.c"
#undef kto_balanced

KtoSettings kto_balanced(int liked, int others, double ratio, double beta) {
    double quotient = ratio * others / liked;
    return quotient >= 1 ? (KtoSettings){beta, 1, quotient}
                         : (KtoSettings){beta, 1 / quotient, 1};
}
