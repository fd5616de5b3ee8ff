// loses: 2, says: beyond the budget, keeps: 21
// Every token costs.
#include "ch05_sft_rlhf/homework/hw05.h"
#define brevity_reward solved_brevity_reward
#include "../solution.c"
#undef brevity_reward

double brevity_reward(double reward, int length, bool finished, double alpha,
                      int budget, double cut_off) {
    (void)budget;
    return finished ? reward - alpha * length : cut_off;
}
