#include "ch04_pretrain/objective.h"

#include <assert.h>
#include <stdlib.h>

#include "ch03_transformer/embedding.h"
#include "ch04_pretrain/clm.h"
#include "ch04_pretrain/glm.h"
#include "ch04_pretrain/mlm.h"
#include "ch04_pretrain/pairs.h"
#include "ch04_pretrain/prefix_lm.h"
#include "ch04_pretrain/smoothing.h"
#include "ch04_pretrain/span.h"
#include "common/numeric/small.h"

static int one(int time) { return (void)time, 1; }
static int glm_tokens(int time) { return (void)time, GLM_TOKENS; }
static int pair_tokens(int time) { return (void)time, PAIR_TOKENS; }

static const char *const mask_name[] = {"[MASK]", NULL};
static const char *const glm_names[] = {
    [GLM_MASK] = "[MASK]", [GLM_START] = "[START]", [GLM_END] = "[END]", NULL};
static const char *const pair_names[] = {
    [PAIR_CLASS] = "[CLS]", [PAIR_SEPARATOR] = "[SEP]", NULL};

const Objective objectives[] = {
    [OBJECTIVE_CLM] = {"clm", FAMILY_DECODER, HEAD_LINEAR,
                       BATCH_FIRSTS | BATCH_POSITIONS, .fill = clm_fill},
    [OBJECTIVE_PREFIX] = {"prefix", FAMILY_DECODER, HEAD_LINEAR, BATCH_PREFIXES,
                          .fill = prefix_fill},
    [OBJECTIVE_MLM] = {"mlm", FAMILY_ENCODER, HEAD_MLM, BATCH_FIRSTS | BATCH_POSITIONS,
                       one, mask_name, .fill = mlm_fill},
    [OBJECTIVE_SPAN] = {"span", FAMILY_ENCODER_DECODER, HEAD_LINEAR, BATCH_LENGTHS,
                        span_sentinels, .time = span_target_time,
                        .source_time = span_source_time, .fill = span_fill},
    [OBJECTIVE_GLM] = {"glm", FAMILY_DECODER, HEAD_LINEAR,
                       BATCH_PREFIXES | BATCH_LENGTHS | BATCH_POSITIONS
                           | BATCH_SEGMENTS,
                       glm_tokens, glm_names, .time = glm_time, .fill = glm_fill},
    [OBJECTIVE_NSP] = {"nsp", FAMILY_ENCODER, HEAD_NONE,
                       BATCH_LENGTHS | BATCH_SEGMENTS | BATCH_LABELS, pair_tokens,
                       pair_names, .time = pair_time, .fill = nsp_fill},
    [OBJECTIVE_SOP] = {"sop", FAMILY_ENCODER, HEAD_NONE,
                       BATCH_LENGTHS | BATCH_SEGMENTS | BATCH_LABELS, pair_tokens,
                       pair_names, .time = pair_time, .fill = sop_fill},
};
_Static_assert(sizeof objectives / sizeof *objectives == OBJECTIVE_KINDS,
               "an objective without a line in the table");

const char *const *objective_names(void) {
    static const char *names[OBJECTIVE_KINDS + 1];
    for (int i = 0; i < OBJECTIVE_KINDS; i++) names[i] = objectives[i].name;
    return names;
}

int objective_special_tokens(ObjectiveKind kind, int time) {
    const Objective *o = &objectives[kind];
    return o->special_tokens ? o->special_tokens(time) : 0;
}

int objective_time(ObjectiveKind kind, int time) {
    const Objective *o = &objectives[kind];
    return o->time ? o->time(time) : time;
}

static int source_time(const Objective *o, int time) {
    return o->source_time ? o->source_time(time) : 0;
}

int objective_context(ObjectiveKind kind, int time) {
    return int_max(objective_time(kind, time), source_time(&objectives[kind], time));
}

Batch objective_batch_new(const ObjectiveSettings *s, int rows, int time) {
    const Objective *o = &objectives[s->kind];
    return batch_new(rows, objective_time(s->kind, time), source_time(o, time),
                     o->parts);
}

Rng objective_row_rng(const ObjectiveSettings *s, Data *d, long long n) {
    long long key = s->static_masks && d->rows ? data_row_of(d, n) : n;
    return rng_split(&s->rng, (uint64_t)key);
}

void objective_fill(Batch *b, const ObjectiveSettings *s, Data *d, long long n) {
    int *tokens = allocate((size_t)d->time + 1, sizeof *tokens);
    for (int r = 0; r < b->rows; r++) {
        Rng rng = objective_row_rng(s, d, n + r);
        data_row(d, n + r, tokens);
        objectives[s->kind].fill(b, r, &(Draw){tokens, n + r, d, s, &rng});
    }
    free(tokens);
    batch_count(b);
}

// ---- the loss

static Node *hidden_of(Tape *t, const Model *m, const Batch *b) {
    Tokens in = batch_tokens(b);
    if (!b->source_time) return model_hidden(t, m, &in);
    Tokens source = batch_source(b);
    return model_decode(t, m, &in, model_encode(t, m, &source), &source);
}

// The hidden states of the targets alone, and these. Of 100 tokens 15 have one where
// tokens are masked, and the product with the output matrix is a large part of a small
// model's work.
static Node *hidden_of_targets(Tape *t, const Model *m, const Batch *b,
                               const int **targets) {
    const int *rows;
    int kept = batch_targets(t, b, &rows, targets);
    Node *hidden = hidden_of(t, m, b);
    return kept < b->rows * b->time ? gather_rows(t, hidden, rows, kept) : hidden;
}

static Node *logits_of_targets(Tape *t, const Model *m, const Batch *b,
                               const int **targets) {
    if (b->labels) return *targets = b->labels, pair_logits(t, m, b);
    return model_logits(t, m, hidden_of_targets(t, m, b, targets));
}

Node *objective_loss_smoothed(Tape *t, const Model *m, const Batch *b, double eps) {
    const int *targets;
    if (!b->counted)
        return constant_node(t, mat_view(tape_allocate(t, sizeof(real)), 1, 1));
    if (eps == 0 && !b->labels) {
        Node *hidden = hidden_of_targets(t, m, b, &targets);
        return model_loss(t, m, hidden, targets);
    }
    Node *logits = logits_of_targets(t, m, b, &targets);
    if (eps == 0) return cross_entropy(t, logits, targets);
    return smoothed_cross_entropy(t, logits, targets, eps);
}

Node *objective_loss(Tape *t, const Model *m, const Batch *b) {
    return objective_loss_smoothed(t, m, b, 0);
}

// Of equals the first is meant, but an exact tie is a matter of rounding: both count.
static bool is_most_likely(Mat logits, int row, int id) {
    const real *x = mat_at(logits, row, 0);
    for (int k = 0; k < logits.cols; k++)
        if (x[k] > x[id]) return false;
    return true;
}

void objective_predictions(Mat log_probs, Mat first, Tape *t, const Model *m,
                           const Batch *b) {
    assert(log_probs.rows == b->rows && log_probs.cols == b->time);
    mat_fill(log_probs, 0);
    if (first.at) mat_fill(first, 0);
    if (b->counted == 0) return;
    const int *targets;
    Node *logits = logits_of_targets(t, m, b, &targets);
    Mat found = token_log_probs(t, logits, targets)->value;
    int columns = b->labels ? 1 : b->time;
    for (int i = 0, kept = 0; i < b->rows * columns; i++) {
        int row = i / columns, column = i % columns;
        if (!b->labels && b->targets[i] < 0) continue;
        *mat_at(log_probs, row, column) = *mat_at(found, kept, 0);
        if (first.at && targets[kept] >= 0)
            *mat_at(first, row, column) =
                is_most_likely(logits->value, kept, targets[kept]);
        kept++;
    }
}

void objective_log_probs(Mat to, Tape *t, const Model *m, const Batch *b) {
    objective_predictions(to, (Mat){0}, t, m, b);
}
