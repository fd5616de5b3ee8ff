// loses: 1, says: and r_t has it too: r_(t+i), keeps: 18
#include "ch05_sft_rlhf/homework/hw05.h"

#define n_step_advantage solved_n_step_advantage
#include "../solution.c"
#undef n_step_advantage

double n_step_advantage(const double *rewards, const double *values, int n, double last,
                        int t, int k, double gamma) {
    double sum = 0;
    int end = t + k < n ? t + k : n;
    for (int i = t; i < end; i++) sum += gamma * rewards[i];
    return sum + gamma * (end < n ? values[end] : last) - values[t];
}
