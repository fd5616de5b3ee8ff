// loses: 1, says: not rewards[i], keeps: 18
// The rewards of the first steps.
#include "ch05_sft_rlhf/homework/hw05.h"
#define n_step_advantage solved_n_step_advantage
#include "../solution.c"
#undef n_step_advantage

double n_step_advantage(const double *rewards, const double *values, int n, double last,
                        int t, int k, double gamma) {
    double sum = 0, weight = 1;
    int end = t + k < n ? t + k : n;
    for (int i = 0; i < end - t; i++, weight *= gamma) sum += weight * rewards[i];
    return sum + weight * (end < n ? values[end] : last) - values[t];
}
