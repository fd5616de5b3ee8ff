// Rollouts: answers that a policy writes itself, many at a time. Lecture, section 5.5.
//
//     slot 0   prompt 3 . . . . END | prompt 9 . . . .
//     slot 1   prompt 1 . . END | prompt 7 . . . . .          a key-value cache per slot;
//     slot 2   prompt 5 . . . . . . . END                     each step reads all weights once
//
// The weights are packed first (infer_packed.h), once for all steps.
//
// Where an answer ends, the next prompt takes its slot. An answer depends on its prompt and
// its own stream of random numbers alone, not on its neighbours.
//
// The log-probability of each token that was drawn is kept. It is the policy's own: tokens
// are drawn at temperature 1 from all of them, unless greedy, and what is drawn from a
// changed distribution would be no sample of the policy.
#pragma once
#include "ch03_transformer/infer.h"
#include "ch05_sft_rlhf/exchange.h"
#include "common/numeric/rng.h"

typedef struct {
    int *ids, count;  // borrowed
} Prompt;

typedef struct {
    Exchange exchange;
    double *log_probs;  // exchange_counted of them
} Rollout;

typedef struct {
    int end;             // the id that ends an answer
    int most;            // tokens of an answer, END among them
    int together;        // slots; 0: 32
    double temperature;  // 1: the policy itself; 0: greedy
    Rng rng;             // rollout i draws from stream i of it
} RolloutSettings;

typedef struct {
    long long steps, tokens;  // passes of one token per slot; tokens that were written
} RolloutCounts;

// to[i] is the answer to prompts[i]; freed by rollout_free. A prompt and `most` tokens must
// not pass the model's context: an answer is cut off there. counts may be NULL. False and
// err where there is no room for the caches, or the model's numbers are not finite.
bool rollouts(Rollout *to, const InferModel *m, const Prompt *prompts, int count,
              const RolloutSettings *s, RolloutCounts *counts, Error *err);
void rollout_free(Rollout *r);
