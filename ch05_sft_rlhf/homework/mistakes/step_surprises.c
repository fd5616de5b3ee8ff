// loses: 1, says: which is right for gamma = 1, keeps: 18
#include "ch05_sft_rlhf/homework/hw05.h"
#define n_step_advantage solved_n_step_advantage
#include "../solution.c"
#undef n_step_advantage
double n_step_advantage(const double *rewards, const double *values, int n, double last,
                        int t, int k, double gamma) {
    double sum = 0;
    for (int i = t; i < t + k && i < n; i++)
        sum += rewards[i] + gamma * (i + 1 < n ? values[i + 1] : last) - values[i];
    return sum;
}
