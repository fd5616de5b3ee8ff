// Homework of chapter 5: four problems that take fine-tuning and preferences further.
// README.md says what each is about.
//
// You edit hw05.c; `make hw05` grades it. Every function of the chapter may be called.
// No problem needs another. The caller owns all arrays, and each function writes all of
// those that it is to fill: they may hold anything before. A function frees what it
// allocates for its own use.
#pragma once
#include <stdbool.h>

// ---- 1. Advantages in a stream (medium, 60 min)

// An answer has steps 0 .. n - 1 with rewards r_t and values V_t, and V_n = last. Its
// advantage at t (0 <= t < n) from k >= 1 steps:
//
//     A_t = r_t + gamma r_(t+1) + ... + gamma^(k-1) r_(t+k-1) + gamma^k V_(t+k) - V_t
//
// Where fewer than k steps are left, it is that of all that are left, and ends with V_n.
double n_step_advantage(const double *rewards, const double *values, int n, double last,
                        int t, int k, double gamma);

// With m >= 1 steps left, GAE is a weighted mean of the advantages from 1, 2, .. m steps:
//
//     weight_k = (1 - lambda) lambda^(k-1)   for k < m,      weight_m = lambda^(m-1)
//
// weights[k - 1] for k = 1 .. m; their sum is 1. 0 <= lambda <= 1.
void lambda_weights(double lambda, int m, double *weights);

// Answers one after the other in a stream of n steps.
typedef enum {
    STEP_GOES_ON,
    STEP_ENDS,     // the answer's last step: after it comes nothing, V is 0
    STEP_CUT,      // its last step here: it was cut off, and V after it is lasts[t]
    STEP_PADDING,  // no step at all: nothing of it is read, its advantage is 0
} StepKind;

// GAE (section 5.6) of each answer by itself: advantages[n]. lasts[t] is only read where
// kinds[t] is STEP_CUT. Every answer's last step is one that ends or is cut; padding comes
// before or after answers, not within them.
void stream_advantages(const double *rewards, const double *values,
                       const StepKind *kinds, const double *lasts, int n, double gamma,
                       double lambda, double *advantages);

// ---- 2. A reward for brevity (easy, 45 min)

// What an answer is worth that costs `alpha` for each token beyond `budget`: reward less
// that. One that was cut off (not finished) is worth `cut_off`, whatever its length.
double brevity_reward(double reward, int length, bool finished, double alpha,
                      int budget, double cut_off);

// n answers to one prompt: ln of their probabilities by the reference, rewards, lengths.
// No probability is 0.
typedef struct {
    int n;
    const double *log_ref, *reward;
    const int *length;
} Answers;

// E[length] under the best policy for the reward r - alpha length at the price beta > 0
// (section 5.5). Rewards may be large: r / beta may be 10000.
double expected_length(const Answers *a, double beta, double alpha);

// Its derivative with respect to alpha, in closed form.
double length_slope(const Answers *a, double beta, double alpha);

// The least alpha >= 0 with expected_length <= target, to 9 digits. target is above the
// shortest length.
double alpha_for_length(const Answers *a, double beta, double target);

// ---- 3. k3 as a loss (medium, 60 min)

typedef enum { LOSS_K1, LOSS_K2, LOSS_K3 } KlLoss;

// A policy over n answers, pi = softmax(z). The mean over y drawn from pi of the gradient
// of k(y) with respect to the logits z, with the draws held fixed (section 5.8):
//
//     gradient_j = sum_y pi(y) (dk / d ln pi(y)) (d ln pi(y) / dz_j)
void kl_loss_gradient(KlLoss kind, const double *log_pi, const double *log_ref, int n,
                      double *gradient);

// Mean and standard deviation of k(y) over y drawn from pi: what it is as an estimate.
typedef struct {
    double mean, deviation;
} Estimate;
Estimate kl_estimate(KlLoss kind, const double *log_pi, const double *log_ref, int n);

// Where training ends that has a KL term in both places: beta_reward k1 in the reward and
// beta_loss k3 in the loss. There every answer pulls alike,
//
//     r(y) - beta_reward ln (pi(y) / ref(y)) + beta_loss ref(y) / pi(y) = nu
//
// with the nu for which the probabilities sum to 1, to 1e-10. One of the betas may be
// 0, not both. No probability of ref is 0. Writes ln pi, log_pi[n]; returns nu.
double mixed_fixed_point(const double *log_ref, const double *reward,
                         double beta_reward, double beta_loss, int n, double *log_pi);

// ---- 4. Preferences without pairs (medium, 60 min)

// Answers that somebody liked or did not. h[i] = ln pi(y_i) - ln ref(y_i).
typedef struct {
    int n;
    const double *h;
    const bool *liked;
} Judged;

typedef struct {
    double beta;
    double lambda_liked, lambda_other;
} KtoSettings;

// The point of reference: the mean of h over answers to *other* prompts, m of them, but
// never below 0. m = 0: 0.
double kto_reference(const double *mismatched, int m);

// The mean over all answers of
//
//     lambda_liked (1 - sigma(beta (h_i - z)))        where it was liked
//     lambda_other (1 - sigma(beta (z - h_i)))        where it was not
double kto_loss(const Judged *a, double z, KtoSettings s);

// d loss / d h_i, slopes[n]; z is held fixed. beta (h_i - z) may be 1000.
void kto_slopes(const Judged *a, double z, KtoSettings s, double *slopes);

// Lambdas that balance the two kinds: lambda_liked x liked = ratio x lambda_other x
// others, the smaller lambda 1. liked, others >= 1, ratio > 0. beta is the one given.
KtoSettings kto_balanced(int liked, int others, double ratio, double beta);
