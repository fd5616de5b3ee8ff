// loses: 1, says: gamma is forgotten, keeps: 18
#include "ch05_sft_rlhf/homework/hw05.h"

#define n_step_advantage solved_n_step_advantage
#include "../solution.c"
#undef n_step_advantage

double n_step_advantage(const double *rewards, const double *values, int n, double last,
                        int t, int k, double gamma) {
    (void)gamma;
    return solved_n_step_advantage(rewards, values, n, last, t, k, 1);
}
