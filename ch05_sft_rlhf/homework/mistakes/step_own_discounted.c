// loses: 1, says: right where gamma is 1, keeps: 18
#include "ch05_sft_rlhf/homework/hw05.h"
#define n_step_advantage solved_n_step_advantage
#include "../solution.c"
#undef n_step_advantage
double n_step_advantage(const double *rewards, const double *values, int n, double last,
                        int t, int k, double gamma) {
    return solved_n_step_advantage(rewards, values, n, last, t, k, gamma)
           + (1 - gamma) * values[t];
}
