// loses: 2, says: within the budget too, keeps: 23
// Cut off and short: nothing happened.
#include "ch05_sft_rlhf/homework/hw05.h"
#define brevity_reward solved_brevity_reward
#include "../solution.c"
#undef brevity_reward

double brevity_reward(double reward, int length, bool finished, double alpha,
                      int budget, double cut_off) {
    if (!finished && length > budget) return cut_off;
    return reward - alpha * fmax(0, length - budget);
}
