// The last stages: answers that people prefer, learnt two ways. Lecture, section 5.10.
//
//     sft --> two answers to each question --> which one is preferred --> reward model --> PPO
//                                                                    \--> DPO
//
// Who prefers is the gold reward with some noise: answer a is preferred to b with
// probability sigma(sharpness (gold(a) - gold(b))), as Bradley and Terry's model has it. So
// the reward that a reward model should find is sharpness x gold, up to a constant, and
// with the same beta PPO and DPO have one optimum: pi* = pi_sft exp(reward / beta) / Z.
#pragma once
#include "ch05_sft_rlhf/ppo.h"
#include "ch05_sft_rlhf/questions.h"
#include "ch05_sft_rlhf/reward_trainer.h"
#include "ch05_sft_rlhf/stages.h"

typedef struct {
    int turns;           // of a conversation at most; the last answer is judged
    int questions;       // that are answered twice
    double sharpness;    // of the preferences
    int batch;           // answers per step of PPO
    int pairs;           // per step of the reward model and of DPO
    double reward_rate;  // of the reward model, one pass over the pairs
    double beta;         // of the KL term, and DPO's
    int ppo_steps, ppo_epochs;
    double ppo_rate;
    int dpo_passes;
    double dpo_rate;
    double cut_off;  // PPO's reward of an answer that was cut off (ppo.h)
    uint64_t seed;
} RlhfPlan;
extern const RlhfPlan rlhf_plan_usual;

// Answers in pairs, the chosen one and the other; equal answers are no pair.
typedef struct {
    Exchange *chosen, *rejected;
    double *gap;  // gold(chosen) - gold(rejected)
    int count;
} JudgedPairs;

// Of questions that may be trained on, or of held-out ones. False and err where the model
// cannot be run.
bool judged_pairs(JudgedPairs *p, const Model *sft, const ChatTemplate *chat,
                  const Story *s, const RlhfPlan *plan, int questions, bool held_out,
                  Error *err);
void judged_pairs_free(JudgedPairs *p);

// A reward model on the policy's body, trained on the pairs once; *r must not be moved.
void rlhf_reward(RewardModel *r, const Model *sft, const JudgedPairs *pairs,
                 const RlhfPlan *plan, StageProgress *progress, void *self);
// Share of pairs whose chosen answer has the higher score.
double rlhf_accuracy(const RewardModel *r, const JudgedPairs *pairs);

// Of answers to q, by a reward model, or r NULL: by the gold reward. One that was cut
// off has no score of its own: it gets cut_off.
void rlhf_rewards(double *rewards, const RewardModel *r, const Questions *q,
                  const ChatTemplate *chat, const Exchange *const *answers, int count,
                  double cut_off);
// One batch of new questions, answered by p's policy and learnt from. r NULL: the gold
// reward.
bool rlhf_ppo_batch(Ppo *p, const RewardModel *r, const ChatTemplate *chat,
                    const Story *s, const RlhfPlan *plan, Rng rng, double rate,
                    PpoStep *result, Error *err);
// *m, a copy of the fine-tuned model with gradients, is trained against the reward model;
// progress is told the mean reward. False and err where a reward is no number.
bool rlhf_ppo(Model *m, const Model *sft, const RewardModel *r,
              const ChatTemplate *chat, const Story *s, const RlhfPlan *plan,
              StageProgress *progress, void *self, Error *err);
// The same from the pairs themselves.
void rlhf_dpo(Model *m, const Model *sft, const JudgedPairs *pairs,
              const RlhfPlan *plan, StageProgress *progress, void *self);
