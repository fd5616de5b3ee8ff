// A transformer on the enumerable problem: its policy, a frozen reference, and two ways
// to learn. Lecture, section 5.5.
//
//     by expected gradients   Descent: a loss over all answers, no draws, no noise
//     by its own answers      Draws: exchanges from the policy, with their rewards, for ppo_step
#pragma once
#include "ch03_transformer/optimiser.h"
#include "ch03_transformer/schedule.h"
#include "ch05_sft_rlhf/enumerable.h"
#include "ch05_sft_rlhf/ppo.h"

typedef struct {
    int symbols, longest, prompts;
    int channels, layers;
} EnumeratedShape;
// 3 symbols, at most 4 tokens, 2 prompts (242 answers); 2 layers of 32 channels.
EnumeratedShape enumerated_shape(void);

typedef struct {
    Enumerable space;
    Model policy, reference;  // the reference: the policy as it was drawn
    Exchange *all;            // [size]: every answer
    double *ref_tokens;       // [edges]
    double *log_ref, *log_p;  // [size]; log_p: as last measured
} Enumerated;

// It must not be moved.
void enumerated_new(Enumerated *x, EnumeratedShape shape, Rng rng);
void enumerated_free(Enumerated *x);
// The policy becomes the reference again.
void enumerated_restart(Enumerated *x);
// Of the policy as it is now; log_p is filled.
Measures enumerated_measure(Enumerated *x, double beta);

// ---- expected gradients

typedef Node *ExpectedLoss(Tape *t, Enumerated *x, void *context);

typedef struct {
    Enumerated *of;
    Optimiser optimiser;
    Tape *tape;
    Schedule schedule;
    long long step;
} Descent;

// Adam.
Descent descent_new(Enumerated *x, Schedule schedule);
void descent_free(Descent *d);
double descent_step(Descent *d, ExpectedLoss *loss,
                    void *context);  // the loss before it

// ---- draws

// What is expected of each token beforehand: nothing; V of the prompt; V of all before
// it.
typedef enum { BASELINE_NONE, BASELINE_PROMPT, BASELINE_EXACT, BASELINES } Baseline;
extern const char *const baseline_names[];  // ends with NULL

typedef struct {
    int count;
    const Exchange **answers;  // in turn of each prompt
    double *rewards;
    double *values;  // of each token, by the baseline; answer by answer
} Draws;

Draws draws_new(const Enumerated *x, int count);
void draws_free(Draws *d);
// From the policy as it is now. beta: of the KL term in the reward, for the baseline.
void draws_fill(Draws *d, Enumerated *x, Baseline baseline, double beta, Rng *rng);
// The same of one answer, x->all[answer], and of no draw; returns its probability.
double draws_fill_with(Draws *d, Enumerated *x, Baseline baseline, double beta,
                       int answer);

// A Ppo that reads each prefix once (enumerable_hidden_of).
Ppo enumerated_ppo(Enumerated *x, Critic *critic, PpoSettings settings);
