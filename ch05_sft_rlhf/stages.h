// The first two stages: a model that continues stories, and one that answers. Lecture,
// sections 5.1, 5.3 and 5.10.
//
//     pretrain   stories, the next token           knows words, names, who has what
//     sft        conversations, answers alone      knows when to speak, and when to end
#pragma once
#include "ch05_sft_rlhf/sft.h"

// How often each kind of question is asked in fine-tuning.
typedef enum { SHARES_FOLLOW, SHARES_FIXED, SHARES } Shares;
extern const char *const shares_names[];  // ends with NULL

// What a stage computes; all of it decides the result.
typedef struct {
    int layers, heads, channels, context, vocabulary;
    int stories;       // documents to pretrain on
    int batch, time;   // rows per step, tokens per row
    int turns;         // of a conversation, at most
    double new_tales;  // chance that a later question about a tale tells another
    long long pretrain_steps, sft_steps;
    Shares shares;
    double rate;
    uint64_t seed;
} StagePlan;

// What five minutes on two processors allow, with what comes after.
extern const StagePlan stage_plan_usual;

// Called after each step; NULL: nobody looks.
typedef void StageProgress(void *self, long long step, long long steps, double loss);

// A new model and its tokenizer; the model has gradients. Neither must be moved. False and
// err where the plan makes no model.
bool stage_pretrain(Model *m, Tokenizer *t, const StagePlan *plan,
                    StageProgress *progress, void *self, Error *err);
// The same model, fine-tuned on `data`; it has gradients. False and err where the loss is
// no number any more.
bool stage_sft(Model *m, const SftData *data, const StagePlan *plan,
               StageProgress *progress, void *self, Error *err);
// The conversations of the plan's seed.
SftData stage_sft_data(const ChatTemplate *chat, const Story *s, const StagePlan *plan);
