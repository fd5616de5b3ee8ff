// loses: 3, says: pi* of both betas added, keeps: 16
// Two terms are taken for one of twice the size.
#include "ch05_sft_rlhf/homework/hw05.h"
#define mixed_fixed_point solved_mixed_fixed_point
#include "../solution.c"
#undef mixed_fixed_point

double mixed_fixed_point(const double *log_ref, const double *reward,
                         double beta_reward, double beta_loss, int n, double *log_pi) {
    return beta_reward > 0 ? solved_mixed_fixed_point(
               log_ref, reward, beta_reward + beta_loss, 0, n, log_pi)
                           : optimal_policy(log_pi, log_ref, reward, beta_loss, n);
}
