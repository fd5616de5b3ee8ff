// loses: 3, says: a beta of 0 is divided by, keeps: 23
// A formula that has no term in the reward has no answer either.
#include "ch05_sft_rlhf/homework/hw05.h"
#define mixed_fixed_point solved_mixed_fixed_point
#include "../solution.c"
#undef mixed_fixed_point

double mixed_fixed_point(const double *log_ref, const double *reward,
                         double beta_reward, double beta_loss, int n, double *log_pi) {
    double zero = beta_reward == 0 ? NAN : 0,
           lambda = solved_mixed_fixed_point(log_ref, reward, beta_reward, beta_loss, n,
                                             log_pi);
    for (int y = 0; y < n; y++) log_pi[y] += zero;
    return lambda;
}
