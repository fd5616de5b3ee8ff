// loses: 2, says: is not looked at, keeps: 23
// A cut off answer has the reward of a finished one.
#include "ch05_sft_rlhf/homework/hw05.h"
#define brevity_reward solved_brevity_reward
#include "../solution.c"
#undef brevity_reward

double brevity_reward(double reward, int length, bool finished, double alpha,
                      int budget, double cut_off) {
    (void)finished, (void)cut_off;
    return solved_brevity_reward(reward, length, true, alpha, budget, 0);
}
