// A judge: a reward model with its tokens and its chat template, from one file. Lecture,
// sections 5.4 and 5.10.
//
// The file is an assistant's (assistant.h) of stage `reward`: notes `stage` and `made`, the
// tokenizer, and the reward model's head in place of the language model's.
#pragma once
#include "ch05_sft_rlhf/assistant.h"
#include "ch05_sft_rlhf/reward_model.h"

typedef struct {
    RewardModel reward;
    Tokenizer tokenizer;
    ChatTemplate chat;
    char *made;  // how; "" where the file does not say
} Judge;

// False and err (one line) for a file that is not intact, or of another stage. *j must not
// be moved.
bool judge_load(Judge *j, const char *path, Error *err);
void judge_free(Judge *j);
bool judge_save(const char *path, const RewardModel *r, const Tokenizer *t,
                const char *made, Error *err);
