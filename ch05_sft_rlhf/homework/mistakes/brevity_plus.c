// loses: 2, says: tokens beyond the budget earn here, keeps: 22
#include "ch05_sft_rlhf/homework/hw05.h"

#define brevity_reward solved_brevity_reward
#include "../solution.c"
#undef brevity_reward

double brevity_reward(double reward, int length, bool finished, double alpha,
                      int budget, double cut_off) {
    if (!finished) return cut_off;
    return reward + alpha * fmax(0, length - budget);
}
