// A reward model: a transformer that reads an answer and says what it is worth. Lecture,
// section 5.4.
//
//     prompt   answer      END
//     U who ?  A Tom .     E      padding
//     h1 ...           ... h_n  -->  score_k = h_n . w_k + b_k       one per head
//
// The language model's head is replaced by one column per head. END sees the whole of
// the answer, so its hidden vector is the one that is read. Training (preference losses)
// sees only differences between answers to one prompt, in which b_k cancels: it is not
// learned, but set by reward_model_centre.
//
// Padding changes no bit of a score: what follows END is seen by nobody, and what stands
// before a prompt is left out (exchanges have no padding of their own).
//
// Source: Ziegler et al. (2019), arXiv:1909.08593; Ouyang et al. (2022), arXiv:2203.02155.
#pragma once
#include "ch03_transformer/model_file.h"
#include "ch05_sft_rlhf/exchange.h"

// What Touvron et al. (2023) train apart: arXiv:2307.09288, section 3.2.
typedef enum { REWARD_HELPFULNESS, REWARD_SAFETY, REWARD_HEADS } RewardHead;
extern const char *const reward_head_names[];  // ends with NULL

typedef struct {
    Model own;         // HEAD_NONE
    Model *model;      // own, or that of adapters beside it: lora.h
    int heads;         // 1 .. REWARD_HEADS; with one, it is REWARD_HELPFULNESS
    int weight, bias;  // channels x heads, which begins with zeros; 1 x heads, frozen
} RewardModel;

// A model of this configuration (a policy's), whose body is drawn, or copied from a
// policy's. Gradients are allocated. It must not be moved afterwards. False and err as
// for model_new.
bool reward_model_new(RewardModel *r, const Config *config, int heads, const Rng *rng,
                      Error *err);
void reward_model_of_policy(RewardModel *r, const Model *policy, int heads);
void reward_model_free(RewardModel *r);

// Scores on the tape, rows x heads: of the last token of each row of an exchange_batch.
Node *reward_model_scores(Tape *t, const RewardModel *r, const Batch *b);
// The same as numbers, scores[count x heads], so many rows at a time. NaN for an answer
// without END: what that is worth, this model was never told.
void reward_model_score(const RewardModel *r, const Exchange *const *list, int count,
                        double *scores);
// Sets the biases so that these answers, all finished, have a mean score of 0.
void reward_model_centre(RewardModel *r, const Exchange *const *list, int count);

// One reward of two scores, as Touvron et al. (2023) have it: safety where the prompt
// asks for care, or where the answer is not safe, sigma(safety) < threshold (they: 0.15);
// helpfulness otherwise. Scores are logits, before sigma.
double reward_combine(double helpfulness, double safety, bool careful,
                      double threshold);

// In a file: the model, its head ("reward.weight", "reward.bias"), and more notes.
bool reward_model_save(const char *path, const RewardModel *r,
                       const CheckpointNote *more, int more_count, Error *err);
// A policy's file is refused: it has no such head. Gradients are allocated.
bool reward_model_load(const char *path, RewardModel *r, Error *err);
