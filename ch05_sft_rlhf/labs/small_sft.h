// A small model fine-tuned on conversations, for the labs of sections 5.1 to 5.3: from
// nothing, in seconds.
#pragma once
#include "ch05_sft_rlhf/sft.h"
#include "common/program/lab.h"

typedef struct {
    Story story;
    Tokenizer tokenizer;
    ChatTemplate chat;
} SmallWorld;

// The story world with a tokenizer for it. It must not be moved.
void small_world(SmallWorld *w, uint64_t seed);
void small_world_free(SmallWorld *w);

typedef struct {
    int layers, channels;
    int rows, time;
    long long steps;
    double rate;
    uint64_t seed;
    // changes a batch before it is learnt from; NULL: nothing
    void (*change)(Batch *b, const SmallWorld *w);
    // called after each step: false, and it was the last; NULL: nobody looks
    bool (*look)(void *self, const Model *m, long long step);
    void *self;
} SmallSft;

// Two layers of 48 channels, 8 rows of 96 tokens.
SmallSft small_sft_usual(long long steps, uint64_t seed);
// *m becomes a model trained on the data, from the first step to the last; it must not be
// moved. losses[steps]; NULL: nobody looks.
void small_sft(Lab *lab, Model *m, const SmallWorld *w, const SmallSft *s, SftData data,
               double *losses);
// Data of these kinds alone, a list that ends with TASK_KINDS; of all: NULL.
SftData small_sft_data(const SmallWorld *w, const SmallSft *s, const TaskKind *kinds);

// Shares of `count` held-out questions of a kind.
typedef struct {
    double right, ended;
} SmallMarks;
SmallMarks small_marks(const Model *m, const SmallWorld *w, TaskKind kind, int count,
                       uint64_t seed);
