// DPO: a policy from pairs of answers, in one supervised step; and its relatives
// (preference_loss.h: the table). Lecture, section 5.9.
//
//     h = ln pi(answer) - ln ref(answer)          sums over the answer's tokens, END too
//     loss = mean over pairs of loss(h_chosen - h_rejected)
//     implicit reward = beta h                                       of dpo: pi is the pi* of this reward
//
//     grad loss = -beta sigma(beta (h_rejected - h_chosen)) (grad ln pi(chosen) - grad ln pi(rejected))
//
// At the start pi = ref: h = 0, and the loss is ln 2. Nothing is drawn from the policy,
// no reward model is trained; the reference is read once per pair. orpo takes the mean
// of ln pi(answer) over its tokens in place of h, and reads no reference.
//
// Rafailov, Sharma, Mitchell, Ermon, Manning, Finn (2023), arXiv:2305.18290.
#pragma once
#include "ch03_transformer/optimiser.h"
#include "ch05_sft_rlhf/exchange.h"
#include "ch05_sft_rlhf/preference_loss.h"

typedef struct {
    PreferenceSettings settings;
    Model *policy;
    const Model *reference;
    Optimiser optimiser;
    Tape *tape;
    double most_grad_norm;  // dpo_new: 1; INFINITY: gradients are not clipped
} Dpo;

// Both must outlive it; the policy has gradients.
Dpo dpo_new(Model *policy, const Model *reference, PreferenceSettings settings,
            OptimiserSettings optimiser);
void dpo_free(Dpo *d);

// Pairs that go through together, and what the reference says of their answers.
typedef struct {
    int count;          // pairs
    Batch batch;        // 2 count rows: all chosen, then all rejected
    double *reference;  // [2 count]: ln ref; NULL where the loss has no reference
    int *tokens;        // [2 count]: of the answers, END among them
    Preferred *pairs;   // [count]: of weight 1 / count
} DpoBatch;

DpoBatch dpo_batch(const Dpo *d, const Exchange *const *chosen,
                   const Exchange *const *rejected, int count);
void dpo_batch_free(DpoBatch *b);

typedef struct {
    double loss;
    double chosen,
        rejected;     // mean implicit rewards, beta h; orpo: mean ln pi per token
    double margin;    // chosen - rejected
    double accuracy;  // share of pairs with a margin > 0; ties count 1/2
} DpoStep;

// The loss, 1 x 1; at may be NULL.
Node *dpo_loss(Tape *t, const Dpo *d, const DpoBatch *b, DpoStep *at);
DpoStep dpo_step(Dpo *d, const DpoBatch *b, double rate);
