// loses: 3, says: all are to be nu, keeps: 17
// Twice the term in the reward.
#include "ch05_sft_rlhf/homework/hw05.h"
#define mixed_fixed_point solved_mixed_fixed_point
#include "../solution.c"
#undef mixed_fixed_point

double mixed_fixed_point(const double *log_ref, const double *reward,
                         double beta_reward, double beta_loss, int n, double *log_pi) {
    return solved_mixed_fixed_point(log_ref, reward, 2 * beta_reward, beta_loss, n,
                                    log_pi);
}
