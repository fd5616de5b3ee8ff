#include "ch05_sft_rlhf/policy.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/cross_entropy.h"
#include "ch03_transformer/embedding.h"
#include "ch03_transformer/sample.h"

Node *policy_hidden(Tape *t, const Model *m, const Batch *b) {
    const int *rows, *targets;
    int counted = batch_targets(t, b, &rows, &targets);
    Tokens in = batch_tokens(b);
    return gather_rows(t, model_hidden(t, m, &in), rows, counted);
}

PolicyPass policy_pass_from(Tape *t, const Model *m, const Batch *b, Node *hidden) {
    assert(b->counted > 0 && !b->source_time && "policy_pass: no answer to look at");
    PolicyPass p = {.hidden = hidden};
    p.counted = batch_targets(t, b, &p.places, &p.targets);
    p.logits = model_logits(t, m, hidden);
    p.log_probs = token_log_probs(t, p.logits, p.targets);
    return p;
}

PolicyPass policy_pass(Tape *t, const Model *m, const Batch *b) {
    return policy_pass_from(t, m, b, policy_hidden(t, m, b));
}

// Which answer each counted token is of.
static int *answers_of(Tape *t, const Batch *b) {
    const int *places, *targets;
    int n = batch_targets(t, b, &places, &targets);
    int *answers = tape_allocate(t, (size_t)n * sizeof *answers);
    for (int i = 0; i < n; i++) answers[i] = places[i] / b->time;
    return answers;
}

Node *policy_sums(Tape *t, const Batch *b, Node *by_token) {
    assert(by_token->value.rows == b->counted && by_token->value.cols == 1);
    return scatter_rows(t, by_token, answers_of(t, b), b->rows);
}

// ---- entropy: dH / dl_k = -p_k (ln p_k + H)

// Of one row of logits; log_p: ln softmax of it.
static double row_entropy(Mat logits, double *log_p) {
    double log_sum = logits_log_sum(logits), entropy = 0;
    for (int k = 0; k < logits.cols; k++) {
        log_p[k] = *mat_at(logits, 0, k) - log_sum;
        if (log_p[k] > -INFINITY) entropy -= exp(log_p[k]) * log_p[k];
    }
    return entropy;
}

static void entropy_pull(Tape *t, Node *y) {
    Node *logits = y->from[0];
    int n = logits->value.cols;
    double *log_p = allocate((size_t)n, sizeof *log_p);
    Mat grad = grad_add(t, logits);
    for (int i = 0; i < logits->value.rows; i++) {
        double entropy = row_entropy(mat_rows(logits->value, i, 1), log_p);
        double from = (double)*mat_at(y->grad, i, 0);
        for (int k = 0; k < n; k++)
            if (log_p[k] > -INFINITY)
                *mat_at(grad, i, k) -=
                    (real)(from * exp(log_p[k]) * (log_p[k] + entropy));
    }
    free(log_p);
}

static const Operation entropy_operation = {"entropy", entropy_pull};

Node *policy_entropy(Tape *t, Node *logits) {
    Mat l = logits->value;
    Node *y = node_new(t, &entropy_operation, l.rows, 1, logits, NULL, NULL);
    double *log_p = allocate((size_t)l.cols, sizeof *log_p);
    for (int i = 0; i < l.rows; i++)
        *mat_at(y->value, i, 0) = (real)row_entropy(mat_rows(l, i, 1), log_p);
    free(log_p);
    return y;
}

// ---- as numbers

// A tape reads the parameters; nothing is pulled back through this one.
static Tape *reading_tape(const Model *m) { return tape_new((Params *)&m->params); }

void policy_log_probs(double *to, const Model *m, const Batch *b) {
    if (b->counted == 0) return;
    Tape *t = reading_tape(m);
    Mat found = policy_pass(t, m, b).log_probs->value;
    for (int i = 0; i < found.rows; i++) to[i] = (double)*mat_at(found, i, 0);
    tape_free(t);
}

void policy_answer_log_probs(double *to, const Model *m, const Batch *b) {
    double *by_token = allocate((size_t)b->counted + 1, sizeof *by_token),
           *next = by_token;
    policy_log_probs(by_token, m, b);
    for (int r = 0; r < b->rows; r++) {
        to[r] = 0;
        for (int i = 0; i < b->time; i++)
            if (b->targets[(size_t)r * b->time + i] >= 0) to[r] += *next++;
    }
    free(by_token);
}

void policy_copy(Model *to, const Model *m) {
    Error err;
    if (!model_new(to, &m->config, &err)) die("%s", err.text);
    model_allocate(to, NULL);
    assert(to->params.size == m->params.size && "policy_copy: parameters were added");
    memcpy(to->params.values, m->params.values,
           m->params.size * sizeof *m->params.values);
}
