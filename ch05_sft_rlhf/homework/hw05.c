// Homework of chapter 5: your file. The contracts are in hw05.h, the problems in
// README.md.
#include "ch05_sft_rlhf/homework/hw05.h"

#include "common/program/homework.h"

// ---- 1. Advantages in a stream

double n_step_advantage(const double *rewards, const double *values, int n, double last,
                        int t, int k, double gamma) {
    HW_TODO(rewards, values, n, last, t, k, gamma);
}

void lambda_weights(double lambda, int m, double *weights) {
    HW_TODO(lambda, m, weights);
}

void stream_advantages(const double *rewards, const double *values,
                       const StepKind *kinds, const double *lasts, int n, double gamma,
                       double lambda, double *advantages) {
    HW_TODO(rewards, values, kinds, lasts, n, gamma, lambda, advantages);
}

// ---- 2. A reward for brevity

double brevity_reward(double reward, int length, bool finished, double alpha,
                      int budget, double cut_off) {
    HW_TODO(reward, length, finished, alpha, budget, cut_off);
}

double expected_length(const Answers *a, double beta, double alpha) {
    HW_TODO(a, beta, alpha);
}

double length_slope(const Answers *a, double beta, double alpha) {
    HW_TODO(a, beta, alpha);
}

double alpha_for_length(const Answers *a, double beta, double target) {
    HW_TODO(a, beta, target);
}

// ---- 3. k3 as a loss

void kl_loss_gradient(KlLoss kind, const double *log_pi, const double *log_ref, int n,
                      double *gradient) {
    HW_TODO(kind, log_pi, log_ref, n, gradient);
}

Estimate kl_estimate(KlLoss kind, const double *log_pi, const double *log_ref, int n) {
    HW_TODO(kind, log_pi, log_ref, n);
}

double mixed_fixed_point(const double *log_ref, const double *reward,
                         double beta_reward, double beta_loss, int n, double *log_pi) {
    HW_TODO(log_ref, reward, beta_reward, beta_loss, n, log_pi);
}

// ---- 4. Preferences without pairs

double kto_reference(const double *mismatched, int m) { HW_TODO(mismatched, m); }

double kto_loss(const Judged *a, double z, KtoSettings s) { HW_TODO(a, z, s); }

void kto_slopes(const Judged *a, double z, KtoSettings s, double *slopes) {
    HW_TODO(a, z, s, slopes);
}

KtoSettings kto_balanced(int liked, int others, double ratio, double beta) {
    HW_TODO(liked, others, ratio, beta);
}

// ---- 5. Lengths and directions

void dora_weights(const double *v, const double *m, int rows, int cols, double *w) {
    HW_TODO(v, m, rows, cols, w);
}

void dora_gradients(const double *v, const double *m, const double *dw, int rows,
                    int cols, bool constant_norms, double *dm, double *dv) {
    HW_TODO(v, m, dw, rows, cols, constant_norms, dm, dv);
}

void dora_adapter_gradients(const double *dv, const double *a, const double *b,
                            int rows, int cols, int rank, double s, double *da,
                            double *db) {
    HW_TODO(dv, a, b, rows, cols, rank, s, da, db);
}

// ---- 6. Two ways to mix documents

double sequence_log_p(const Readers *r, const int *answer, int count) {
    HW_TODO(r, answer, count);
}

double token_log_p(const Readers *r, const int *answer, int count) {
    HW_TODO(r, answer, count);
}

int token_beam(const Readers *r, int width, int *answer) { HW_TODO(r, width, answer); }

int sequence_decode(const Readers *r, bool thorough, int *answer) {
    HW_TODO(r, thorough, answer);
}

// ---- 7. An interval that peeking does not break

double log_capital(const double *x, int n, double q, double bet) {
    HW_TODO(x, n, q, bet);
}

double log_mixed_capital(const double *x, int n, double q) { HW_TODO(x, n, q); }

int first_doubt(const double *x, int n, double q, double alpha) {
    HW_TODO(x, n, q, alpha);
}

WinInterval win_interval(const double *x, int n, double alpha) { HW_TODO(x, n, alpha); }
