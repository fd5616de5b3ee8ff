// loses: 3, says: the search for nu ends too, keeps: 15
// Good enough for a plot.
#include "ch05_sft_rlhf/homework/hw05.h"
#define mixed_fixed_point solved_mixed_fixed_point
#include "../solution.c"
#undef mixed_fixed_point

double mixed_fixed_point(const double *log_ref, const double *reward,
                         double beta_reward, double beta_loss, int n, double *log_pi) {
    double low = INFINITY, high = -INFINITY, nu = 0, sum = 0;
    for (int y = 0; y < n; y++) {
        low = fmin(low, reward[y] + beta_loss);
        high = fmax(high, reward[y] + beta_loss);
    }
    while (fabs(sum - 1) > 1e-6) {
        nu = (low + high) / 2, sum = 0;
        for (int y = 0; y < n; y++) {
            log_pi[y] =
                log_ref[y] + log_ratio_at(nu, reward[y], beta_reward, beta_loss);
            sum += exp(log_pi[y]);
        }
        *(sum > 1 ? &low : &high) = nu;
    }
    return nu;
}
