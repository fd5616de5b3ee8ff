#include "ch05_sft_rlhf/bradley_terry.h"

#include <assert.h>

#include "ch03_transformer/activation.h"
#include "ch03_transformer/arithmetic.h"

double bradley_terry_loss(double delta, double margin) {
    return -log_logistic(delta - margin);
}

double bradley_terry_slope(double delta, double margin) {
    return -logistic(margin - delta);
}

// For p >= 1/2, where nothing cancels.
static double optimum_above_half(double p, double margin) {
    double lead = 2 * p - 1, a = exp(-margin);
    return log(lead + sqrt(lead * lead + 4 * p * (1 - p) * a * a)) - log(2 * (1 - p))
           + margin;
}

double bradley_terry_optimum(double p, double margin) {
    assert(0 <= p && p <= 1);
    if (p == 0.5) return 0;  // whatever the margin: e^2m overflows before this does
    return p > 0.5 ? optimum_above_half(p, margin) : -optimum_above_half(1 - p, margin);
}

// ---- on the tape

Node *bradley_terry_node(Tape *t, Node *scores, const double *margins) {
    int pairs = scores->value.rows / 2;
    assert(scores->value.cols == 1 && pairs > 0 && scores->value.rows % 2 == 0
           && "bradley_terry_node: two scores per pair");
    Mat m = tape_mat(t, pairs, 1);
    for (int i = 0; i < pairs; i++) m.at[i] = margins ? (real)margins[i] : 0;
    Node *delta = subtract(t, slice_rows(t, scores, 0, pairs),
                           slice_rows(t, scores, pairs, pairs));
    Node *log_p = log_sigmoid(t, subtract(t, delta, constant_node(t, m)));
    return scale(t, mean(t, log_p), -1);
}

// ---- a table of rewards

// One round of Zermelo's iteration; the largest change.
static double improve(const double *wins, int n, double *rewards) {
    double most = 0;
    for (int i = 0; i < n; i++) {
        double won = 0, expected = 0;
        for (int j = 0; j < n; j++) {
            if (j == i) continue;
            won += wins[i * n + j];
            expected += (wins[i * n + j] + wins[j * n + i])
                        / (exp(rewards[i]) + exp(rewards[j]));
        }
        double before = rewards[i];
        rewards[i] = log(fmax(won, 1e-12) / expected);
        most = fmax(most, fabs(rewards[i] - before));
    }
    return most;
}

static void centre(double *rewards, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += rewards[i];
    for (int i = 0; i < n; i++) rewards[i] -= sum / n;
}

void bradley_terry_fit(const double *wins, int n, double *rewards) {
    const int MOST_ROUNDS = 10000;
    const double CLOSE = 1e-12;
    for (int i = 0; i < n; i++) rewards[i] = 0;
    for (int round = 0; round < MOST_ROUNDS; round++) {
        double change = improve(wins, n, rewards);
        centre(rewards, n);
        if (change < CLOSE) return;
    }
}
