// GRPO: groups of answers to each prompt, and a reward that can be checked. Lecture,
// section 5.13.
//
//     prompt --> answer 1 --> right: 1 --.
//            --> answer 2 --> wrong: 0 --+--> advantage of each = how much better than
//            --> ...                     |    its group (group_advantage.h), the same for
//            --> answer G --> right: 1 --'    all of its tokens --> PPO's clipped loss
//
// There is no reward model and no critic. The rest is ppo.h: what stands in for A_t is
// the answer's advantage; the KL term, if any, is k3 in the loss. The loss is a sum
// over an answer's tokens, as the gradient of E r is, and not their mean: divided by
// its length a long wrong answer would be worth less blame per token than a short one.
#pragma once
#include "ch05_sft_rlhf/group_advantage.h"
#include "ch05_sft_rlhf/ppo.h"
#include "ch05_sft_rlhf/questions.h"

typedef struct {
    int prompts, size;  // of a batch; answers to each, at least 2
    GroupKind advantages;
    double beta;  // of the KL term
    double clip;
    int epochs, minibatches;
    double most_grad_norm;
} GrpoSettings;
// 16 prompts, 8 answers, deviation, no KL term, clip 0.2, 1 epoch of 1 minibatch.
GrpoSettings grpo_defaults(void);

typedef struct {
    double reward;  // mean
    double right;   // share of right answers
    double equal;  // share of groups in which all rewards are equal: they teach nothing
    double kl, entropy, length, clip_fraction;  // as in PpoStep
} GrpoStep;

// A Ppo without a critic, to be used by grpo_step.
Ppo grpo_new(Model *policy, const Model *reference, const GrpoSettings *s);
// answers, rewards: [prompts x size], group by group.
GrpoStep grpo_step(Ppo *p, const GrpoSettings *s, const Exchange *const *answers,
                   const double *rewards, double rate);
// `prompts` questions, answered by p's policy and rewarded 1 where right and 0 where
// not; then grpo_step. False and err where the policy cannot be run.
bool grpo_batch(Ppo *p, const GrpoSettings *s, const Questions *asked,
                const ChatTemplate *chat, Rng rng, double rate, GrpoStep *result,
                Error *err);
