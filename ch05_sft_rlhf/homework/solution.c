// The solution of chapter 5's homework. Each function is as short as its idea;
// README.md has the ideas.
#include "ch05_sft_rlhf/homework/hw05.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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

// ---- 5. Lengths and directions

static double column_norm(const double *v, int rows, int cols, int j) {
    double squares = 0;
    for (int i = 0; i < rows; i++) squares += v[i * cols + j] * v[i * cols + j];
    return sqrt(squares);
}

void dora_weights(const double *v, const double *m, int rows, int cols, double *w) {
    for (int j = 0; j < cols; j++) {
        double factor = m[j] / column_norm(v, rows, cols, j);
        for (int i = 0; i < rows; i++) w[i * cols + j] = factor * v[i * cols + j];
    }
}

void dora_gradients(const double *v, const double *m, const double *dw, int rows,
                    int cols, bool constant_norms, double *dm, double *dv) {
    for (int j = 0; j < cols; j++) {
        double norm = column_norm(v, rows, cols, j), along = 0;
        for (int i = 0; i < rows; i++)
            along += dw[i * cols + j] * v[i * cols + j] / norm;
        dm[j] = along;
        // what is along v changes its length alone, and w does not see that
        for (int i = 0; i < rows; i++)
            dv[i * cols + j] =
                m[j] / norm
                * (dw[i * cols + j] - !constant_norms * along * v[i * cols + j] / norm);
    }
}

void dora_adapter_gradients(const double *dv, const double *a, const double *b,
                            int rows, int cols, int rank, double s, double *da,
                            double *db) {
    for (int k = 0; k < rank; k++) {
        for (int i = 0; i < rows; i++) {
            da[i * rank + k] = 0;
            for (int j = 0; j < cols; j++)
                da[i * rank + k] += s * dv[i * cols + j] * b[k * cols + j];
        }
        for (int j = 0; j < cols; j++) {
            db[k * cols + j] = 0;
            for (int i = 0; i < rows; i++)
                db[k * cols + j] += s * a[i * rank + k] * dv[i * cols + j];
        }
    }
}

// ---- 6. Two ways to mix documents

// ln of the probability of an answer by one document.
static double one_log_p(const Readers *r, int z, const int *answer, int count) {
    double *log_p = allocate((size_t)r->symbols + 1, sizeof *log_p), sum = 0;
    for (int i = 0; i < count; i++) {
        r->next(r->self, z, answer, i, log_p);
        sum += log_p[answer[i]];
    }
    free(log_p);
    return sum;
}

double sequence_log_p(const Readers *r, const int *answer, int count) {
    double *each = allocate((size_t)r->documents, sizeof *each);
    for (int z = 0; z < r->documents; z++)
        each[z] = log(r->weight[z]) + one_log_p(r, z, answer, count);
    double sum = log_sum(each, r->documents);
    free(each);
    return sum;
}

// ln of the mixture's next token: to[symbols + 1].
static void mixed_next(const Readers *r, const int *prefix, int count, double *to) {
    double *log_p = allocate((size_t)r->symbols + 1, sizeof *log_p);
    for (int y = 0; y <= r->symbols; y++) to[y] = 0;
    for (int z = 0; z < r->documents; z++) {
        r->next(r->self, z, prefix, count, log_p);
        for (int y = 0; y <= r->symbols; y++) to[y] += r->weight[z] * exp(log_p[y]);
    }
    for (int y = 0; y <= r->symbols; y++) to[y] = log(to[y]);
    free(log_p);
}

double token_log_p(const Readers *r, const int *answer, int count) {
    double *log_p = allocate((size_t)r->symbols + 1, sizeof *log_p), sum = 0;
    for (int i = 0; i < count; i++) {
        mixed_next(r, answer, i, log_p);
        sum += log_p[answer[i]];
    }
    free(log_p);
    return sum;
}

enum { BEAM_MOST = 8, ANSWER_MOST = 32 };
typedef struct {
    int tokens[ANSWER_MOST], count;
    double log_p;
} Hypothesis;

static bool ended(const Readers *r, const Hypothesis *h) {
    return h->count && h->tokens[h->count - 1] == r->symbols;
}

// Into the best `width` so far, best first.
static void keep(Hypothesis *best, int *count, int width, const Hypothesis *h) {
    int at = *count;
    while (at > 0 && best[at - 1].log_p < h->log_p) at--;
    if (at == width) return;
    if (*count < width) ++*count;
    memmove(best + at + 1, best + at, (size_t)(*count - 1 - at) * sizeof *best);
    best[at] = *h;
}

static int step_beam(const Readers *r, int width, Hypothesis *beam, int count) {
    Hypothesis best[BEAM_MOST];
    double *log_p = allocate((size_t)r->symbols + 1, sizeof *log_p);
    int kept = 0;
    for (int k = 0; k < count; k++) {
        if (ended(r, &beam[k])) {
            keep(best, &kept, width, &beam[k]);
            continue;
        }
        mixed_next(r, beam[k].tokens, beam[k].count, log_p);
        for (int y = 0; y <= r->symbols; y++) {
            Hypothesis longer = beam[k];
            longer.tokens[longer.count++] = y, longer.log_p += log_p[y];
            keep(best, &kept, width, &longer);
        }
    }
    memcpy(beam, best, (size_t)kept * sizeof *beam);
    free(log_p);
    return kept;
}

int token_beam(const Readers *r, int width, int *answer) {
    Hypothesis beam[BEAM_MOST] = {{.count = 0}};
    int count = 1;
    for (int i = 0; i < r->longest; i++) count = step_beam(r, width, beam, count);
    int at = 0;
    while (at + 1 < count && !ended(r, &beam[at])) at++;
    memcpy(answer, beam[at].tokens, (size_t)beam[at].count * sizeof *answer);
    return beam[at].count;
}

static int greedy(const Readers *r, int z, int *answer) {
    double *log_p = allocate((size_t)r->symbols + 1, sizeof *log_p);
    int count = 0;
    while (count < r->longest && (count == 0 || answer[count - 1] != r->symbols)) {
        int best = 0;
        r->next(r->self, z, answer, count, log_p);
        for (int y = 1; y <= r->symbols; y++)
            if (log_p[y] > log_p[best]) best = y;
        answer[count++] = best;
    }
    free(log_p);
    return count;
}

static bool same(const int *a, int count, const int *b, int other) {
    return count == other && memcmp(a, b, (size_t)count * sizeof *a) == 0;
}

int sequence_decode(const Readers *r, bool thorough, int *answer) {
    int tokens[ANSWER_MOST], other[ANSWER_MOST], best = 0;
    double most = -INFINITY;
    for (int z = 0; z < r->documents; z++) {
        int count = greedy(r, z, tokens);
        double p = 0;
        for (int k = 0; k < r->documents; k++)
            if (thorough || same(tokens, count, other, greedy(r, k, other)))
                p += r->weight[k] * exp(one_log_p(r, k, tokens, count));
        if (p <= most) continue;
        most = p, best = count;
        memcpy(answer, tokens, (size_t)count * sizeof *answer);
    }
    return best;
}

// ---- 7. An interval that peeking does not break

double log_capital(const double *x, int n, double q, double bet) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += log1p(bet * (x[i] / q - 1));
    return sum;
}

enum { BETS = 3 };
static const double bets[BETS] = {0.25, 0.5, 0.75};

double log_mixed_capital(const double *x, int n, double q) {
    double each[BETS];
    for (int k = 0; k < BETS; k++) each[k] = log_capital(x, n, q, bets[k]);
    return log_sum(each, BETS) - log(BETS);
}

int first_doubt(const double *x, int n, double q, double alpha) {
    double each[BETS] = {0};
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < BETS; k++) each[k] += log1p(bets[k] * (x[i] / q - 1));
        if (log_sum(each, BETS) - log(BETS) >= -log(alpha)) return i + 1;
    }
    return 0;
}

// The more wins are expected, the less a bet on them brings.
static double lower_end(const double *x, int n, double alpha) {
    double low = 0, high = 1;
    for (int i = 0; i < 60; i++) {
        double q = (low + high) / 2;
        *(first_doubt(x, n, q, alpha / 2) ? &low : &high) = q;
    }
    return low;
}

WinInterval win_interval(const double *x, int n, double alpha) {
    double *losses = allocate((size_t)n + 1, sizeof *losses);
    for (int i = 0; i < n; i++) losses[i] = 1 - x[i];
    WinInterval w = {lower_end(x, n, alpha), 1 - lower_end(losses, n, alpha)};
    free(losses);
    return w;
}
