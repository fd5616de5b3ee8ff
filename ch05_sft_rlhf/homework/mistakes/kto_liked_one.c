// loses: 4, says: not always lambda_liked, keeps: 23
// One of the two is fixed.
#include "ch05_sft_rlhf/homework/hw05.h"
#define kto_balanced solved_kto_balanced
#include "../solution.c"
#undef kto_balanced

KtoSettings kto_balanced(int liked, int others, double ratio, double beta) {
    return (KtoSettings){beta, 1, liked / (ratio * others)};
}
