// The trainer: a model, an objective and data, one step after another. Lecture, section
// 4.13.
//
//     step t   rows t B A .. (t+1) B A - 1 of the data      B rows at a time, A times
//              g = sum over the A parts of  d(sum of the targets' losses)  /  all targets
//              clip g;  rate = schedule(t + 1);  AdamW
//
// All targets of a step count alike, in whichever part they stand: --batch 8 and
// --batch 2 --accumulate 4 are one computation but for rounding. (The mean of the
// parts' means is another one wherever parts differ in their number of targets.) A step
// without a target changes nothing: no gradient, no moment, no count.
//
// A step is a function of the parameters, the moments and t alone. Nothing else has to
// be remembered: trainer_file.h.
//
// A team (team.h) shares the rows of each of the A parts: process r of P takes rows r B
// / P to (r + 1) B / P. Its gradient is weighted by its targets like a part's, then all
// gradients are added: the same computation again, but for rounding. With shards (ZeRO;
// shard.h) each process has the moments of N / P numbers alone, in stage 2 their
// gradients alone as well, and makes their step for all.
#pragma once
#include "ch03_transformer/optimiser.h"
#include "ch04_pretrain/objective.h"
#include "ch04_pretrain/precision.h"
#include "ch04_pretrain/shard.h"
#include "ch04_pretrain/team.h"

typedef struct {
    int batch, accumulate;  // rows at a time; how many times per step
    long long steps;        // the schedule's end
    double rate, last_rate;
    long long warmup;
    double clip;       // of the gradient's norm; 0: none
    double decay;      // AdamW's
    double beta2;      // 0: 0.99
    double smoothing;  // share of each target that is spread over all tokens
    // forward and backward see weights rounded to it, and the gradient is rounded; the
    // weights that steps are added to, and activations, stay as they are
    Precision precision;
    double loss_scale;  // where it begins, a power of two; 0: 1
    uint64_t seed;      // of dropout
} TrainSettings;

typedef struct {
    TrainSettings settings;
    ObjectiveSettings objective;
    Model *model;
    Data *data;
    Optimiser optimiser;
    LossScale scale;
    real *masters;  // precision: the weights while rounded ones are in their place
    Tape *tape;
    Batch *parts;      // `accumulate` of them, this process's rows of each
    Team *team;        // NULL: alone
    Shard *shard;      // the optimiser is that of shard->part; NULL: of the model's
    long long step;    // steps that were taken, with or without a target
    long long tokens;  // rows x time that went through
} Trainer;

typedef struct {
    double loss;        // nats per target; 0 if there was none
    long long counted;  // targets
    double grad_norm;   // before clipping
    double rate;
    bool overflowed;  // the scaled gradient: no step was taken, the scale is halved
} StepResult;

// model and data must outlive it; the model's gradients are allocated.
Trainer trainer_new(Model *m, Data *d, TrainSettings settings,
                    ObjectiveSettings objective);
// One of a team; all call the same functions in the same order. batch >= the team.
// zero: ZeRO's stage, 0 to 2; 1 and 2: without a loss scale, and nothing is frozen.
// Stage 2 frees the model's gradients, or finds none.
Trainer trainer_new_in_team(Model *m, Data *d, TrainSettings settings,
                            ObjectiveSettings objective, Team *team, int zero);
void trainer_free(Trainer *t);
StepResult trainer_step(Trainer *t);
