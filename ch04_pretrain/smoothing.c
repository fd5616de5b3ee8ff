#include "ch04_pretrain/smoothing.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "ch03_transformer/parallel.h"
#include "ch03_transformer/sample.h"
#include "common/numeric/vec.h"

typedef struct {
    int *targets;
    int counted;
    double eps;
    Mat log_sums;  // rows x 1
} Saved;

static double row_loss(const Saved *s, Mat l, int i) {
    const real *row = mat_at(l, i, 0);
    double log_sum = (double)*mat_at(s->log_sums, i, 0);
    double mean = (double)array_sum(row, (size_t)l.cols) / l.cols;
    return log_sum - (1 - s->eps) * (double)row[s->targets[i]] - s->eps * mean;
}

// dl = (p - q) / counted
static void pull(Tape *t, Node *loss) {
    const Saved *s = loss->saved;
    Mat l = loss->from[0]->value;
    if (!wants_grad(loss->from[0])) return;
    Mat dl = grad_add(t, loss->from[0]);
    real factor = s->counted ? *loss->grad.at / (real)s->counted : 0;
    real spread = (real)(s->eps / l.cols), rest = (real)(1 - s->eps);
#pragma omp parallel for if (worth_threads(l))
    for (int i = 0; i < l.rows; i++) {
        if (s->targets[i] < 0) continue;
        const real *row = mat_at(l, i, 0), log_sum = *mat_at(s->log_sums, i, 0);
        real *to = mat_at(dl, i, 0);
        for (int k = 0; k < l.cols; k++)
            to[k] += factor * ((real)exp((double)(row[k] - log_sum)) - spread);
        to[s->targets[i]] -= factor * rest;
    }
}

static const Operation operation = {"smoothed cross-entropy", pull};

Node *smoothed_cross_entropy(Tape *t, Node *logits, const int *targets, double eps) {
    Mat l = logits->value;
    assert(0 <= eps && eps < 1 && l.col_stride == 1);
    Node *loss = node_new(t, &operation, 1, 1, logits, NULL, NULL);
    Saved *s = loss->saved = tape_allocate(t, sizeof *s);
    s->eps = eps;
    s->targets = tape_allocate(t, (size_t)l.rows * sizeof *targets);
    memcpy(s->targets, targets, (size_t)l.rows * sizeof *targets);
    s->log_sums = tape_mat(t, l.rows, 1);
    double sum = 0;
    for (int i = 0; i < l.rows; i++) {
        assert(targets[i] < l.cols && "a target is not a column of the logits");
        if (targets[i] < 0) continue;
        *mat_at(s->log_sums, i, 0) = (real)logits_log_sum(mat_rows(l, i, 1));
        sum += row_loss(s, l, i);
        s->counted++;
    }
    *loss->value.at = s->counted ? (real)(sum / s->counted) : 0;
    return loss;
}
