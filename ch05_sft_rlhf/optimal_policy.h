// The optimal policy: the most reward for the distance gone from a reference. Lecture,
// section 5.5.
//
//     J(pi)   = sum_y pi(y) r(y) - beta KL(pi || ref)
//     pi*(y)  = ref(y) e^(r(y) / beta) / Z            Z = sum_y ref(y) e^(r(y) / beta)
//     J(pi)   = beta ln Z - beta KL(pi || pi*)        for every pi: so pi* is the best
//
// The last line is the first with r(y) = beta ln (pi*(y) / ref(y)) + beta ln Z put in.
// Of all policies at a distance KL from ref, some pi* has the most reward: beta runs
// over the frontier. Korbak et al. (2022), arXiv:2205.11275; Rafailov et al. (2023),
// arXiv:2305.18290, equation 4.
//
// Policies are the logarithms of n probabilities: none underflows, -INFINITY is never.
#pragma once

// log_star [n]; returns ln Z. beta > 0.
double optimal_policy(double *log_star, const double *log_ref, const double *reward,
                      double beta, int n);

// sum_y p(y) ln (p(y) / q(y)); infinite where q is never and p is not.
double policy_kl(const double *log_p, const double *log_q, int n);
// sum_y |p(y) - q(y)| / 2
double policy_total_variation(const double *log_p, const double *log_q, int n);
double policy_mean(const double *log_p, const double *x, int n);  // sum_y p(y) x(y)
double policy_objective(const double *log_p, const double *log_ref,
                        const double *reward, double beta, int n);  // J
// ln of the sum of e^x[i]
double log_sum(const double *x, int n);
