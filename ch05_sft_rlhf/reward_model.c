#include "ch05_sft_rlhf/reward_model.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/embedding.h"
#include "ch03_transformer/linear.h"
#include "common/numeric/logistic.h"
#include "common/numeric/small.h"

const char *const reward_head_names[] = {"helpfulness", "safety", NULL};
_Static_assert(sizeof reward_head_names / sizeof *reward_head_names == REWARD_HEADS + 1,
               "a name for each head");

// ---- parameters

static const char WEIGHT[] = "reward.weight", BIAS[] = "reward.bias";

static void add_head(Model *m, int heads) {
    params_add(&m->params, m->config.channels, heads, constant(0), "%s", WEIGHT);
    params_add(&m->params, 1, heads, constant(0), "%s", BIAS);
    params_freeze(&m->params, BIAS, true);
}

// Of its own model, which has values.
static void complete(RewardModel *r) {
    r->model = &r->own;
    params_allocate_grads(&r->model->params);
    r->weight = params_find(&r->model->params, WEIGHT);
    r->bias = params_find(&r->model->params, BIAS);
    r->heads = r->model->params.list[r->weight].cols;
}

bool reward_model_new(RewardModel *r, const Config *config, int heads, const Rng *rng,
                      Error *err) {
    assert(1 <= heads && heads <= REWARD_HEADS);
    Config c = *config;
    c.head = HEAD_NONE, c.tied = false;
    *r = (RewardModel){0};
    if (!model_new(&r->own, &c, err)) return false;
    add_head(&r->own, heads);
    model_allocate(&r->own, rng);
    complete(r);
    return true;
}

void reward_model_of_policy(RewardModel *r, const Model *policy, int heads) {
    Error err;
    if (!reward_model_new(r, &policy->config, heads, NULL, &err)) die("%s", err.text);
    params_take(&r->model->params, &policy->params);
}

void reward_model_free(RewardModel *r) {
    model_free(&r->own);
    *r = (RewardModel){0};
}

// ---- scores

Node *reward_model_scores(Tape *t, const RewardModel *r, const Batch *b) {
    int *last = tape_allocate(t, (size_t)b->rows * sizeof *last);
    for (int i = 0; i < b->rows; i++) last[i] = i * b->time + b->lengths[i] - 1;
    Tokens in = batch_tokens(b);
    Node *hidden = gather_rows(t, model_hidden(t, r->model, &in), last, b->rows);
    return matmul_node(t, hidden, param(t, r->weight), param(t, r->bias));
}

static void score_some(Tape *t, const RewardModel *r, const Exchange *const *list,
                       int count, double *scores) {
    Batch b = exchange_batch(list, count);
    Mat found = reward_model_scores(t, r, &b)->value;
    for (int i = 0; i < count; i++)
        for (int k = 0; k < r->heads; k++)
            scores[i * r->heads + k] =
                list[i]->finished ? (double)*mat_at(found, i, k) : NAN;
    tape_reset(t), batch_free(&b);
}

void reward_model_score(const RewardModel *r, const Exchange *const *list, int count,
                        double *scores) {
    enum { AT_A_TIME = 64 };
    Tape *t = tape_new((Params *)&r->model->params);
    for (int i = 0; i < count; i += AT_A_TIME)
        score_some(t, r, list + i, int_min(AT_A_TIME, count - i),
                   scores + (size_t)i * (size_t)r->heads);
    tape_free(t);
}

void reward_model_centre(RewardModel *r, const Exchange *const *list, int count) {
    double *scores = allocate((size_t)count * (size_t)r->heads, sizeof *scores);
    reward_model_score(r, list, count, scores);
    for (int k = 0; k < r->heads; k++) {
        double sum = 0;
        for (int i = 0; i < count; i++) sum += scores[i * r->heads + k];
        *mat_at(params_value(&r->model->params, r->bias), 0, k) -= (real)(sum / count);
    }
    free(scores);
}

double reward_combine(double helpfulness, double safety, bool careful,
                      double threshold) {
    return careful || logistic(safety) < threshold ? safety : helpfulness;
}

// ---- files

bool reward_model_save(const char *path, const RewardModel *r,
                       const CheckpointNote *more, int more_count, Error *err) {
    return model_save_with(path, r->model, more, more_count, err);
}

// The head of a reward model in a file, which says how many columns it has.
static bool add_head_of_file(Model *m, const Checkpoint *file, const char *path,
                             Error *err) {
    const Mat *weight = checkpoint_find(file, WEIGHT);
    if (!weight)
        return error_set(err, "%s: a language model: expected a reward model", path);
    if (weight->cols > REWARD_HEADS)
        return error_set(err, "%s: a reward model of %d heads: expected %d at most",
                         path, weight->cols, REWARD_HEADS);
    add_head(m, weight->cols);
    return true;
}

bool reward_model_load(const char *path, RewardModel *r, Error *err) {
    *r = (RewardModel){0};
    if (!model_load_with(path, &r->own, add_head_of_file, err)) return false;
    complete(r);
    return true;
}
