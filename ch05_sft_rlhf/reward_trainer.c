#include "ch05_sft_rlhf/reward_trainer.h"

#include <stdlib.h>

#include "ch03_transformer/arithmetic.h"
#include "ch03_transformer/clip.h"
#include "ch03_transformer/linear.h"
#include "ch05_sft_rlhf/bradley_terry.h"

RewardTrainer reward_trainer_new(RewardModel *r) {
    OptimiserSettings s = {.kind = OPTIMISER_ADAMW, .beta2 = 0.98};
    return (RewardTrainer){r, optimiser_new(&r->model->params, s),
                           tape_new(&r->model->params)};
}

void reward_trainer_free(RewardTrainer *t) {
    optimiser_free(&t->optimiser), tape_free(t->tape);
    *t = (RewardTrainer){0};
}

// The preferred answers of all pairs, then the others in the same order.
static const Exchange **both_answers(const RewardPair *pairs, int count) {
    const Exchange **list = allocate(2 * (size_t)count, sizeof *list);
    for (int i = 0; i < count; i++)
        list[i] = pairs[i].chosen, list[count + i] = pairs[i].rejected;
    return list;
}

// scores (2 count x heads) -> 2 count x 1: the column of each pair's head.
static Node *scores_by_head(Tape *t, Node *scores, const RewardPair *pairs, int count) {
    int heads = scores->value.cols;
    if (heads == 1) return scores;
    Mat chosen = tape_mat(t, 2 * count, heads), ones = tape_mat(t, heads, 1);
    mat_fill(chosen, 0), mat_fill(ones, 1);
    for (int i = 0; i < 2 * count; i++) *mat_at(chosen, i, pairs[i % count].head) = 1;
    return matmul_node(t, product(t, scores, constant_node(t, chosen)),
                       constant_node(t, ones), NULL);
}

double reward_trainer_step(RewardTrainer *t, const RewardPair *pairs, int count,
                           double rate) {
    const double MOST_NORM = 1;
    Params *params = &t->model->model->params;
    const Exchange **list = both_answers(pairs, count);
    double *margins = allocate((size_t)count, sizeof *margins);
    for (int i = 0; i < count; i++) margins[i] = pairs[i].margin;
    Batch b = exchange_batch(list, 2 * count);
    Node *scores = reward_model_scores(t->tape, t->model, &b);
    Node *loss = bradley_terry_node(
        t->tape, scores_by_head(t->tape, scores, pairs, count), margins);
    double before = (double)*loss->value.at;
    params_zero_grads(params);
    tape_backward(t->tape, loss);
    params_clip(params, MOST_NORM);
    optimiser_step(&t->optimiser, params, rate);
    tape_reset(t->tape);
    batch_free(&b), free(margins), free(list);
    return before;
}

void reward_pair_deltas(const RewardModel *r, const RewardPair *pairs, int count,
                        double *deltas) {
    const Exchange **list = both_answers(pairs, count);
    int heads = r->heads;
    double *scores = allocate(2 * (size_t)count * (size_t)heads, sizeof *scores);
    reward_model_score(r, list, 2 * count, scores);
    for (int i = 0; i < count; i++)
        deltas[i] = scores[i * heads + pairs[i].head]
                    - scores[(count + i) * heads + pairs[i].head];
    free(scores), free(list);
}
