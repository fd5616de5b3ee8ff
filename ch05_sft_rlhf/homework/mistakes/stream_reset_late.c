// loses: 1, says: set anew too late, keeps: 12
// What comes after an end is forgotten a step too late.
#include "ch05_sft_rlhf/homework/hw05.h"
#define stream_advantages solved_stream_advantages
#include "../solution.c"
#undef stream_advantages

void stream_advantages(const double *rewards, const double *values,
                       const StepKind *kinds, const double *lasts, int n, double gamma,
                       double lambda, double *advantages) {
    double advantage = 0, next = 0;
    for (int t = n - 1; t >= 0; t--) {
        advantages[t] = 0;
        if (kinds[t] == STEP_PADDING) continue;
        advantage = rewards[t] + gamma * next - values[t] + gamma * lambda * advantage;
        advantages[t] = advantage, next = values[t];
        if (kinds[t] == STEP_ENDS) advantage = next = 0;
        if (kinds[t] == STEP_CUT) advantage = 0, next = lasts[t];
    }
}
