// loses: 2, says: never below 0, keeps: 24
// Short answers earn by being short.
#include "ch05_sft_rlhf/homework/hw05.h"
#define brevity_reward solved_brevity_reward
#include "../solution.c"
#undef brevity_reward

double brevity_reward(double reward, int length, bool finished, double alpha,
                      int budget, double cut_off) {
    return finished ? reward - alpha * (length - budget) : cut_off;
}
