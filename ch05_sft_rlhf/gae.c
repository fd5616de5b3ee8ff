#include "ch05_sft_rlhf/gae.h"

#include <stddef.h>

void gae(double *advantages, double *returns, const double *rewards,
         const double *values, int n, double last, GaeSettings s) {
    double advantage = 0, next = last;
    for (int t = n - 1; t >= 0; t--) {
        double delta = rewards[t] + s.gamma * next - values[t];
        advantage = delta + s.gamma * s.lambda * advantage;
        advantages[t] = advantage;
        if (returns) returns[t] = advantage + values[t];
        next = values[t];
    }
}
