// loses: 3, says: between two fixed bounds, keeps: 20
// No answer is further from the reference than e^5.
#include "ch05_sft_rlhf/homework/hw05.h"
#define mixed_fixed_point solved_mixed_fixed_point
#include "../solution.c"
#undef mixed_fixed_point

double mixed_fixed_point(const double *log_ref, const double *reward,
                         double beta_reward, double beta_loss, int n, double *log_pi) {
    double nu =
        solved_mixed_fixed_point(log_ref, reward, beta_reward, beta_loss, n, log_pi);
    for (int y = 0; y < n; y++) log_pi[y] = fmax(log_pi[y], log_ref[y] - 5);
    return nu;
}
