// loses: 3, says: loses its digits, keeps: 22
// lambda itself is looked for, in single precision.
#include "ch05_sft_rlhf/homework/hw05.h"
#define k3_fixed_point solved_k3_fixed_point
#include "../solution.c"
#undef k3_fixed_point

double k3_fixed_point(const double *log_ref, const double *reward, double beta, int n,
                      double *log_pi) {
    float most = -INFINITY;
    for (int y = 0; y < n; y++) most = fmaxf(most, (float)reward[y]);
    double lambda = solved_k3_fixed_point(log_ref, reward, beta, n, log_pi);
    if (most < 100) return lambda;
    lambda = (double)(float)lambda;
    for (int y = 0; y < n; y++)
        log_pi[y] = log(beta) + log_ref[y] - log(lambda - reward[y]);
    return lambda;
}
