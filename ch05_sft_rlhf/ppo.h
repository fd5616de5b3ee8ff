// PPO: a policy improved by answers of its own. Lecture, section 5.7.
//
//     prompts --> policy --> answers --> reward of each answer          the caller's part
//                   |           |              |
//               reference     critic           |
//               ln ref(t)      V_t             |
//                   |           |              v
//     r_t = -beta k(ln pi, ln ref) at each token, + reward at the last one
//     A_t, R_t = gae(r, V)                                              gae.h
//     A = centred or whitened over all tokens                           advantage.h
//     epochs x minibatches:
//         policy   - clipped objective (+ beta k, if the KL term is a loss)     clipped.h, kl_estimators.h
//         critic   clipped (V - R)^2 / 2
//
// The loss is a sum over an answer's tokens and a mean over answers, as the gradient of
// E[reward] is. The reward is at the answer's last token, END or not, and the value
// after it is 0, also where the answer was cut off. For the limit is part of the task:
// nobody reads on, and what the cut answer is worth its caller declares, never the
// reward of a finished one. (Where a limit is an accident of collecting, V after the
// last token takes the reward's place: gae's `last`. Here that would pay for ends that
// were never written.)
//
// With clip INFINITY, one epoch, one minibatch and lambda 1 this is REINFORCE with a
// baseline: at the first step pi = old, and the gradient is that of - A ln pi.
//
// Schulman et al. (2017), arXiv:1707.06347; Ziegler et al. (2019), arXiv:1909.08593;
// Ouyang et al. (2022), arXiv:2203.02155.
#pragma once
#include "ch03_transformer/optimiser.h"
#include "ch05_sft_rlhf/advantage.h"
#include "ch05_sft_rlhf/critic.h"
#include "ch05_sft_rlhf/exchange.h"
#include "ch05_sft_rlhf/gae.h"
#include "ch05_sft_rlhf/kl_estimators.h"

typedef struct {
    double beta;      // of the KL term
    KlKind kl;        // by this estimator,
    bool kl_in_loss;  // in the loss; else in the reward
    GaeSettings gae;
    AdvantageKind advantages;
    double clip, value_clip;  // INFINITY: none
    int epochs, minibatches;
    double critic_rate;     // as a multiple of the policy's
    double most_grad_norm;  // INFINITY: gradients are not clipped
    OptimiserSettings optimiser;
} PpoSettings;
// beta 0.1, k1 in the reward, gamma 1, lambda 0.95, whitened, clip 0.2 (both), 4 epochs
// of 4 minibatches, Adam.
PpoSettings ppo_defaults(void);

// The hidden vectors that the counted tokens of a batch are predicted from, counted x
// channels: policy_hidden, or a shorter way to them.
typedef Node *HiddenFunction(Tape *t, const Model *m, const Batch *b,
                             const void *context);

typedef struct {
    PpoSettings settings;
    Model *policy;
    const Model *reference;
    Critic *critic;          // NULL: the caller says what is to be expected
    HiddenFunction *hidden;  // ppo_new: policy_hidden
    const void *context;     // its last argument
    Optimiser optimiser, critic_optimiser;
    Tape *tape, *critic_tape;
} Ppo;

// All three must outlive it; policy and critic have gradients.
Ppo ppo_new(Model *policy, const Model *reference, Critic *critic,
            PpoSettings settings);
void ppo_free(Ppo *p);

// What a batch of answers has taught, token by token: [counted], answer by answer.
typedef struct {
    int count, parts;       // answers; minibatches
    Batch *batches;         // [parts]
    int *answers, *tokens;  // [parts + 1]: where each part begins
    double *old, *reference, *values, *rewards, *advantages, *returns;
    double entropy;  // of the policy, per token
} Experience;

// rewards: of each answer. values: of each token, or NULL: the critic's.
Experience ppo_experience(const Ppo *p, const Exchange *const *answers,
                          const double *rewards, int count, const double *values);
void experience_free(Experience *e);

typedef struct {
    double reward, kl;  // means over answers; kl: k1, summed over tokens
    double entropy;     // per token, nats
    double length;      // tokens per answer, END among them
    double clip_fraction, explained_variance;
    double value_loss;  // of the last epoch, per token
} PpoStep;

// One batch: experience, then epochs x minibatches steps of this learning rate.
PpoStep ppo_step(Ppo *p, const Exchange *const *answers, const double *rewards,
                 int count, const double *values, double rate);

// The policy's loss on one part of the experience, 1 x 1, and how many of its tokens
// are clipped.
Node *ppo_loss(Tape *t, const Ppo *p, const Experience *e, int part, int *clipped);

// Whether all are numbers; err says which is not.
bool rewards_check(const double *rewards, int count, Error *err);
