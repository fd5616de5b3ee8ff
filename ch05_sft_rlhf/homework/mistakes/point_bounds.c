// loses: 3, says: nu was not found, keeps: 16
#include "ch05_sft_rlhf/homework/hw05.h"

#define mixed_fixed_point solved_mixed_fixed_point
#include "../solution.c"
#undef mixed_fixed_point

double mixed_fixed_point(const double *log_ref, const double *reward,
                         double beta_reward, double beta_loss, int n, double *log_pi) {
    // beta_loss is forgotten
    double low = INFINITY, high = -INFINITY;
    for (int y = 0; y < n; y++) {
        low = fmin(low, reward[y]), high = fmax(high, reward[y]);
    }
    for (int i = 0; i < 100; i++) {
        double nu = (low + high) / 2, sum = 0;
        for (int y = 0; y < n; y++)
            sum +=
                exp(log_ref[y] + log_ratio_at(nu, reward[y], beta_reward, beta_loss));
        *(sum > 1 ? &low : &high) = nu;
    }
    for (int y = 0; y < n; y++)
        log_pi[y] = log_ref[y] + log_ratio_at(high, reward[y], beta_reward, beta_loss);
    return high;
}
