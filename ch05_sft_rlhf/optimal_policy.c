#include "ch05_sft_rlhf/optimal_policy.h"

#include <assert.h>
#include <math.h>

double log_sum(const double *x, int n) {
    double most = -INFINITY, sum = 0;
    for (int i = 0; i < n; i++) most = fmax(most, x[i]);
    if (most == -INFINITY) return most;
    for (int i = 0; i < n; i++) sum += exp(x[i] - most);
    return most + log(sum);
}

double optimal_policy(double *log_star, const double *log_ref, const double *reward,
                      double beta, int n) {
    assert(beta > 0);
    for (int y = 0; y < n; y++) log_star[y] = log_ref[y] + reward[y] / beta;
    double log_z = log_sum(log_star, n);
    for (int y = 0; y < n; y++) log_star[y] -= log_z;
    return log_z;
}

double policy_kl(const double *log_p, const double *log_q, int n) {
    double sum = 0;
    for (int y = 0; y < n; y++)
        if (log_p[y] > -INFINITY) sum += exp(log_p[y]) * (log_p[y] - log_q[y]);
    return sum;
}

double policy_total_variation(const double *log_p, const double *log_q, int n) {
    double sum = 0;
    for (int y = 0; y < n; y++) sum += fabs(exp(log_p[y]) - exp(log_q[y]));
    return sum / 2;
}

double policy_mean(const double *log_p, const double *x, int n) {
    double sum = 0;
    for (int y = 0; y < n; y++)
        if (log_p[y] > -INFINITY) sum += exp(log_p[y]) * x[y];
    return sum;
}

double policy_objective(const double *log_p, const double *log_ref,
                        const double *reward, double beta, int n) {
    return policy_mean(log_p, reward, n) - beta * policy_kl(log_p, log_ref, n);
}
