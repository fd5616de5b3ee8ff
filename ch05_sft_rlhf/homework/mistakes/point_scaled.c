// loses: 3, says: another policy, keeps: 15
// lambda at its bound, and then divided by the sum.
#include "ch05_sft_rlhf/homework/hw05.h"
#define k3_fixed_point solved_k3_fixed_point
#include "../solution.c"
#undef k3_fixed_point

double k3_fixed_point(const double *log_ref, const double *reward, double beta, int n,
                      double *log_pi) {
    double most = reward[0], sum = 0;
    for (int y = 0; y < n; y++) most = fmax(most, reward[y]);
    for (int y = 0; y < n; y++)
        sum += beta * exp(log_ref[y]) / (most + beta - reward[y]);
    for (int y = 0; y < n; y++)
        log_pi[y] = log(beta) + log_ref[y] - log(most + beta - reward[y]) - log(sum);
    return most + beta;
}
