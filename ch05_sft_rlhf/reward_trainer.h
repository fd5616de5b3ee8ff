// Training a reward model on pairs of answers. Lecture, section 5.4.
//
//     step     loss = mean of -ln sigma(score_w - score_l - margin)       each pair by its own head
//              clip the gradient to a norm of 1; AdamW
//
// Both answers of a pair are in one batch, so that a step sees their difference.
#pragma once
#include "ch03_transformer/optimiser.h"
#include "ch05_sft_rlhf/reward_model.h"

typedef struct {
    const Exchange *chosen, *rejected;  // to one prompt
    double margin;
    int head;  // whose preference it was
} RewardPair;

typedef struct {
    RewardModel *model;
    Optimiser optimiser;
    Tape *tape;
} RewardTrainer;

RewardTrainer reward_trainer_new(RewardModel *r);  // r must outlive it
void reward_trainer_free(RewardTrainer *t);
// One step on these pairs; their mean loss before it.
double reward_trainer_step(RewardTrainer *t, const RewardPair *pairs, int count,
                           double rate);

// score_w - score_l of each pair, by its head: deltas[count].
void reward_pair_deltas(const RewardModel *r, const RewardPair *pairs, int count,
                        double *deltas);
