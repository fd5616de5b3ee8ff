// loses: 4, says: not by the counts, keeps: 23
// The rarer kind has the larger one, whatever the ratio.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kto_balanced solved_kto_balanced
#include "../solution.c"
#undef kto_balanced

KtoSettings kto_balanced(int liked, int others, double ratio, double beta) {
    double quotient = ratio * others / liked;
    return others >= liked ? (KtoSettings){beta, quotient, 1}
                           : (KtoSettings){beta, 1, 1 / quotient};
}
