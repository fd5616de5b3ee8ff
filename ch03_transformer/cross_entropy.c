#include "ch03_transformer/cross_entropy.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "ch03_transformer/parallel.h"

typedef struct {
    int *targets;
    int counted;
    Mat log_sums;  // rows x 1: ln sum_j e^l_ij
} Saved;

VEC_FUNCTION static real log_sum_exp(const real *l, int n) {
    const real most = array_max(l, (size_t)n);
    Vec sum[2] = {{0}};
    int j = 0;
    for (; j + 2 * VEC_LANES <= n; j += 2 * VEC_LANES)
        for (int v = 0; v < 2; v++)
            sum[v] += vec_exp(vec_load(l + j + v * VEC_LANES) - most);
    for (; j < n; j += VEC_LANES)
        sum[0] += vec_exp((n - j < VEC_LANES
                               ? vec_load_part(l + j, (size_t)(n - j), -INFINITY)
                               : vec_load(l + j))
                          - most);
    return most + (real)log((double)vec_sum(sum[0] + sum[1]));
}

// dl = (or +=) factor (p - one-hot(target)).
VEC_FUNCTION static void backward_row(real *dl, bool add, const real *l, real log_sum,
                                      int target, real factor, int n) {
    for (int j = 0; j < n; j += VEC_LANES)
        vec_put(dl + j, n - j, factor * vec_exp(vec_load_some(l + j, n - j) - log_sum),
                add);
    dl[target] -= factor;
}

static Saved *forward(Tape *t, Node *logits, const int *targets) {
    Mat l = logits->value;
    Saved *s = tape_allocate(t, sizeof *s);
    s->targets = tape_allocate(t, (size_t)l.rows * sizeof *targets);
    memcpy(s->targets, targets, (size_t)l.rows * sizeof *targets);
    s->log_sums = tape_mat(t, l.rows, 1);
    for (int i = 0; i < l.rows; i++) {
        assert(targets[i] < l.cols
               && "cross_entropy: a target is not a column of the logits");
        s->counted += targets[i] >= 0;
    }
#pragma omp parallel for if (worth_threads(l))
    for (int i = 0; i < l.rows; i++)
        *mat_at(s->log_sums, i, 0) =
            targets[i] < 0 ? 0 : log_sum_exp(mat_at(l, i, 0), l.cols);
    return s;
}

// dlogits_i = c by_row_i (p_i - one-hot); by_row: rows x 1, or 1 x 1 for all rows
static void backward(Tape *t, Node *logits, const Saved *s, Mat by_row, real c) {
    bool add;
    Mat l = logits->value, dl = grad_write(t, logits, &add);
#pragma omp parallel for if (worth_threads(l))
    for (int i = 0; i < l.rows; i++) {
        real *row = mat_at(dl, i, 0);
        if (s->targets[i] >= 0)
            backward_row(row, add, mat_at(l, i, 0), *mat_at(s->log_sums, i, 0),
                         s->targets[i],
                         c * *mat_at(by_row, by_row.rows == 1 ? 0 : i, 0), l.cols);
        else if (!add) memset(row, 0, (size_t)l.cols * sizeof *row);
    }
}

static real log_prob(const Saved *s, Mat logits, int i) {
    return s->targets[i] < 0
               ? 0
               : *mat_at(logits, i, s->targets[i]) - *mat_at(s->log_sums, i, 0);
}

static void cross_entropy_pull(Tape *t, Node *loss) {
    const Saved *s = loss->saved;
    backward(t, loss->from[0], s, loss->grad, s->counted ? 1 / (real)s->counted : 0);
}

static const Operation cross_entropy_operation = {"cross-entropy", cross_entropy_pull};

Node *cross_entropy(Tape *t, Node *logits, const int *targets) {
    Node *loss = node_new(t, &cross_entropy_operation, 1, 1, logits, NULL, NULL);
    Saved *s = loss->saved = forward(t, logits, targets);
    double sum = 0;
    for (int i = 0; i < logits->value.rows; i++)
        sum -= (double)log_prob(s, logits->value, i);
    *loss->value.at = s->counted ? (real)(sum / s->counted) : 0;
    return loss;
}

static void token_log_probs_pull(Tape *t, Node *y) {
    backward(t, y->from[0], y->saved, y->grad, -1);
}

static const Operation token_log_probs_operation = {"token log-probs",
                                                    token_log_probs_pull};

Node *token_log_probs(Tape *t, Node *logits, const int *tokens) {
    Node *y = node_new(t, &token_log_probs_operation, logits->value.rows, 1, logits,
                       NULL, NULL);
    Saved *s = y->saved = forward(t, logits, tokens);
    for (int i = 0; i < y->value.rows; i++)
        *mat_at(y->value, i, 0) = log_prob(s, logits->value, i);
    return y;
}
