// Homework of chapter 5: seven problems that take fine-tuning and preferences further.
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
// (section 5.5). Rewards may be large: r / beta may be 10000, or -10000.
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
// with the nu for which the probabilities sum to 1 (off by 1e-10 at most). One of the
// betas may be 0, not both. No probability of ref is 0. Writes ln pi, log_pi[n]; returns
// nu.
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

// ---- 5. Lengths and directions (medium, 60 min)

// Matrices are rows x cols, row after row: element (i, j) is at [i * cols + j]. No column
// of v is zero.
//
//     w_ij = m_j v_ij / |v_j|        v_j: column j
void dora_weights(const double *v, const double *m, int rows, int cols, double *w);

// dw = dL/dw. Writes dL/dm to dm[cols] and dL/dv to dv[rows x cols]. constant_norms: |v_j|
// is taken for a constant in dL/dv, as the paper has it.
void dora_gradients(const double *v, const double *m, const double *dw, int rows,
                    int cols, bool constant_norms, double *dm, double *dv);

// v = w0 + s a b, a: rows x rank, b: rank x cols. From dv = dL/dv: dL/da to da, dL/db to
// db.
void dora_adapter_gradients(const double *dv, const double *a, const double *b,
                            int rows, int cols, int rank, double s, double *da,
                            double *db);

// ---- 6. Two ways to mix documents (hard, 75 min)

// Documents z with weights p(z), which sum to 1, and what a model says next that has read
// one of them. Symbols are 0 .. symbols - 1, END is the id `symbols`.
typedef struct {
    int documents, symbols;
    int longest;           // tokens of an answer, END among them
    const double *weight;  // p(z)
    // log_p[symbols + 1]: ln p(next | z, prefix); prefix may be NULL where count is 0
    void (*next)(const void *self, int z, const int *prefix, int count, double *log_p);
    const void *self;
} Readers;

// ln of the probability of an answer, count tokens, the last of them END:
//
//     sequence   sum_z p(z) prod_i p(y_i | z, y_<i)       one document for the answer
//     token      prod_i sum_z p(z) p(y_i | z, y_<i)       one for each token
//
// An answer may be as improbable as e^-3000.
double sequence_log_p(const Readers *r, const int *answer, int count);
double token_log_p(const Readers *r, const int *answer, int count);

// The most probable answer by token_log_p, by beam search: begin with the empty prefix.
// In each step extend all prefixes by all tokens; keep the `width` most probable of the
// extensions *and the answers that have ended*, which stay as they are. Stop when all that
// are kept have ended, or after `longest` tokens: the best that has ended is the answer
// (there is one in every test). Writes answer[longest]; returns how many tokens, END among
// them. No two are equally probable. width <= 8.
int token_beam(const Readers *r, int width, int *answer);

// The best by sequence_log_p of a few: each document's own greedy answer (its most probable
// token at every step, until END; all end in time).
//     thorough: the score is sequence_log_p
//     fast:     the same sum, over those documents alone whose own answer this is
int sequence_decode(const Readers *r, bool thorough, int *answer);

// ---- 7. An interval that peeking does not break (medium, 60 min)

// x[i]: 1 a win, 1/2 a tie, 0 a loss. Somebody begins with 1 and bets on wins in every
// round, a share `bet` (0 < bet < 1) of what there is, at odds that are fair if the win
// rate is q (0 < q < 1):
//
//     capital_n = prod over i < n of (1 + bet (x_i / q - 1))
//
// ln of it; it may be e^3000.
double log_capital(const double *x, int n, double q, double bet);

// Three people bet 1/4, 1/2 and 3/4. ln of the mean of their capitals after n rounds;
// that may be e^3000 too, or e^-1000.
double log_mixed_capital(const double *x, int n, double q);

// The first number of rounds, 1 .. n, after which the mean of the capitals is 1 / alpha or
// more; 0: none.
int first_doubt(const double *x, int n, double q, double alpha);

typedef struct {
    double low, high;
} WinInterval;

// The win rates that were never in doubt, at any look from the first to the n-th: from the
// least q at which bets on wins never reached 2 / alpha, to the largest at which bets on
// losses (wins with 1 - x and 1 - q) never did. To 1e-9; in 0 .. 1.
WinInterval win_interval(const double *x, int n, double alpha);
