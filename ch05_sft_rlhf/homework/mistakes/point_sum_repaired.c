// loses: 3, says: did a search end too early, keeps: 16
// The search ends early, and what is left is divided away.
#include "ch05_sft_rlhf/homework/hw05.h"
#define mixed_fixed_point solved_mixed_fixed_point
#include "../solution.c"
#undef mixed_fixed_point

double mixed_fixed_point(const double *log_ref, const double *reward,
                         double beta_reward, double beta_loss, int n, double *log_pi) {
    double nu = solved_mixed_fixed_point(log_ref, reward, beta_reward, beta_loss, n,
                                         log_pi)
                + 1e-6,
           sum = 0;
    for (int y = 0; y < n; y++) {
        log_pi[y] = log_ref[y] + log_ratio_at(nu, reward[y], beta_reward, beta_loss);
        sum += exp(log_pi[y]);
    }
    for (int y = 0; y < n; y++) log_pi[y] -= log(sum);
    return nu;
}
