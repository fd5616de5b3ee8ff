// loses: 3, says: the term in the loss is left out, keeps: 18
// The loss is forgotten.
#include "ch05_sft_rlhf/homework/hw05.h"
#define mixed_fixed_point solved_mixed_fixed_point
#include "../solution.c"
#undef mixed_fixed_point

double mixed_fixed_point(const double *log_ref, const double *reward,
                         double beta_reward, double beta_loss, int n, double *log_pi) {
    return beta_reward > 0
               ? solved_mixed_fixed_point(log_ref, reward, beta_reward, 0, n, log_pi)
               : solved_mixed_fixed_point(log_ref, reward, 0, beta_loss, n, log_pi);
}
