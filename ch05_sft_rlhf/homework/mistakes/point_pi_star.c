// loses: 3, says: this is pi*, keeps: 15
// The optimum of the other placements.
#include "ch05_sft_rlhf/homework/hw05.h"
#define k3_fixed_point solved_k3_fixed_point
#include "../solution.c"
#undef k3_fixed_point

double k3_fixed_point(const double *log_ref, const double *reward, double beta, int n,
                      double *log_pi) {
    double most = reward[0];
    for (int y = 0; y < n; y++) most = fmax(most, reward[y]);
    optimal_policy(log_pi, log_ref, reward, beta, n);
    return most;
}
