// The solution of chapter 5's homework. Each function is as short as its idea;
// README.md has the ideas.
#include "ch05_sft_rlhf/homework/hw05.h"

#include <math.h>
#include <stdlib.h>

#include "ch05_sft_rlhf/optimal_policy.h"
#include "common/error.h"
#include "common/numeric/logistic.h"

// ---- 1. Advantages in a stream

double n_step_advantage(const double *rewards, const double *values, int n, double last,
                        int t, int k, double gamma) {
    double sum = 0, weight = 1;
    int end = t + k < n ? t + k : n;
    for (int i = t; i < end; i++, weight *= gamma) sum += weight * rewards[i];
    return sum + weight * (end < n ? values[end] : last) - values[t];
}

void lambda_weights(double lambda, int m, double *weights) {
    double power = 1;
    for (int k = 1; k < m; k++, power *= lambda) weights[k - 1] = (1 - lambda) * power;
    weights[m - 1] = power;
}

void stream_advantages(const double *rewards, const double *values,
                       const StepKind *kinds, const double *lasts, int n, double gamma,
                       double lambda, double *advantages) {
    double advantage = 0, next = 0;
    for (int t = n - 1; t >= 0; t--) {
        advantages[t] = 0;
        if (kinds[t] == STEP_PADDING) continue;
        if (kinds[t] == STEP_ENDS) advantage = next = 0;
        if (kinds[t] == STEP_CUT) advantage = 0, next = lasts[t];
        advantage = rewards[t] + gamma * next - values[t] + gamma * lambda * advantage;
        advantages[t] = advantage, next = values[t];
    }
}

// ---- 2. A reward for brevity

double brevity_reward(double reward, int length, bool finished, double alpha,
                      int budget, double cut_off) {
    if (!finished) return cut_off;
    return reward - alpha * fmax(0, length - budget);
}

// Mean and variance of the length.
static void length_moments(const Answers *a, double beta, double alpha, double *mean,
                           double *variance) {
    double *worth = allocate((size_t)a->n, sizeof *worth),
           *log_star = allocate((size_t)a->n, sizeof *log_star);
    for (int i = 0; i < a->n; i++) worth[i] = a->reward[i] - alpha * a->length[i];
    optimal_policy(log_star, a->log_ref, worth, beta, a->n);
    *mean = *variance = 0;
    for (int i = 0; i < a->n; i++) *mean += exp(log_star[i]) * a->length[i];
    for (int i = 0; i < a->n; i++)
        *variance += exp(log_star[i]) * pow(a->length[i] - *mean, 2);
    free(worth), free(log_star);
}

double expected_length(const Answers *a, double beta, double alpha) {
    double mean, variance;
    length_moments(a, beta, alpha, &mean, &variance);
    return mean;
}

double length_slope(const Answers *a, double beta, double alpha) {
    double mean, variance;
    length_moments(a, beta, alpha, &mean, &variance);
    return -variance / beta;
}

double alpha_for_length(const Answers *a, double beta, double target) {
    double low = 0, high = 1;
    if (expected_length(a, beta, 0) <= target) return 0;
    while (expected_length(a, beta, high) > target) high *= 2;
    for (int i = 0; i < 100; i++) {
        double middle = (low + high) / 2;
        *(expected_length(a, beta, middle) > target ? &low : &high) = middle;
    }
    return high;
}

// ---- 3. k3 as a loss

static double slope_of(KlLoss kind, double log_pi, double log_ref) {
    switch (kind) {
        case LOSS_K1: return 1;
        case LOSS_K2: return log_pi - log_ref;
        case LOSS_K3: return -expm1(log_ref - log_pi);
    }
    return NAN;
}

void kl_loss_gradient(KlLoss kind, const double *log_pi, const double *log_ref, int n,
                      double *gradient) {
    double mean = 0;
    for (int y = 0; y < n; y++)
        mean += exp(log_pi[y]) * slope_of(kind, log_pi[y], log_ref[y]);
    for (int y = 0; y < n; y++)
        gradient[y] = exp(log_pi[y]) * (slope_of(kind, log_pi[y], log_ref[y]) - mean);
}

static double value_of(KlLoss kind, double log_pi, double log_ref) {
    double l = log_ref - log_pi;
    switch (kind) {
        case LOSS_K1: return -l;
        case LOSS_K2: return l * l / 2;
        case LOSS_K3: return expm1(l) - l;
    }
    return NAN;
}

Estimate kl_estimate(KlLoss kind, const double *log_pi, const double *log_ref, int n) {
    Estimate e = {0, 0};
    for (int y = 0; y < n; y++)
        e.mean += exp(log_pi[y]) * value_of(kind, log_pi[y], log_ref[y]);
    for (int y = 0; y < n; y++)
        e.deviation +=
            exp(log_pi[y]) * pow(value_of(kind, log_pi[y], log_ref[y]) - e.mean, 2);
    e.deviation = sqrt(e.deviation);
    return e;
}

// v = ln (pi / ref) with reward - beta_reward v + beta_loss e^-v = nu: the left side
// falls with v.
static double log_ratio_at(double nu, double reward, double beta_reward,
                           double beta_loss) {
    double low = -700, high = 700;
    for (int i = 0; i < 100; i++) {
        double v = (low + high) / 2;
        *(reward - beta_reward * v + beta_loss * exp(-v) > nu ? &low : &high) = v;
    }
    return (low + high) / 2;
}

double mixed_fixed_point(const double *log_ref, const double *reward,
                         double beta_reward, double beta_loss, int n, double *log_pi) {
    // At the largest reward + beta_loss no answer is above ref, at the least one none is
    // below it: nu is between, and the sum falls with it.
    double low = INFINITY, high = -INFINITY;
    for (int y = 0; y < n; y++) {
        low = fmin(low, reward[y] + beta_loss),
        high = fmax(high, reward[y] + beta_loss);
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

// ---- 4. Preferences without pairs

double kto_reference(const double *mismatched, int m) {
    double sum = 0;
    for (int i = 0; i < m; i++) sum += mismatched[i];
    return m ? fmax(0, sum / m) : 0;
}

double kto_loss(const Judged *a, double z, KtoSettings s) {
    double sum = 0;
    for (int i = 0; i < a->n; i++) {
        double x = s.beta * (a->h[i] - z);
        sum +=
            a->liked[i] ? s.lambda_liked * logistic(-x) : s.lambda_other * logistic(x);
    }
    return sum / a->n;
}

void kto_slopes(const Judged *a, double z, KtoSettings s, double *slopes) {
    for (int i = 0; i < a->n; i++) {
        double x = s.beta * (a->h[i] - z),
               slope = s.beta * logistic(x) * logistic(-x) / a->n;
        slopes[i] = a->liked[i] ? -s.lambda_liked * slope : s.lambda_other * slope;
    }
}

KtoSettings kto_balanced(int liked, int others, double ratio, double beta) {
    double quotient = ratio * others / liked;  // lambda_liked / lambda_other
    return quotient >= 1 ? (KtoSettings){beta, quotient, 1}
                         : (KtoSettings){beta, 1, 1 / quotient};
}
