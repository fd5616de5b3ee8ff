// An assistant: a model, its tokens and its chat template, from one file. Lecture,
// section 5.10.
//
// A file says of which stage of the pipeline it is, and from what it was made:
//
//     note stage sft
//     note made sft --steps 3000 --rate 0.003 --seed 1 from pretrain 8c3bf1d20e57a946
//
// so that a stage is not run again where its file is there, and is where anything before
// it has changed.
#pragma once
#include "ch03_transformer/checkpoint.h"
#include "ch05_sft_rlhf/chat_template.h"

typedef enum {
    STAGE_PRETRAIN,
    STAGE_SFT,
    STAGE_REWARD,
    STAGE_PPO,
    STAGE_DPO,
    STAGE_GRPO,
    STAGES
} Stage;
extern const char *const stage_names[];  // ends with NULL
// Those of models that answer: from sft on, without the reward model. Ends with STAGES.
// (What grpo wrote before it had a name of its own says ppo, and is read as that.)
extern const Stage stages_that_answer[];

typedef struct {
    Model model;
    Tokenizer tokenizer;
    ChatTemplate chat;
    Stage stage;
    char *made;  // how; "" where the file does not say
} Assistant;

// Whether a file is a model, and not an adapter, which has only what was learnt beside
// one (lora_file.h).
bool checkpoint_is_whole(const Checkpoint *c, const char *path, Error *err);
// False and err (one line) where the file is not intact, no model that infer.h runs, or
// one that was not made for chat. *a must not be moved.
bool assistant_load(Assistant *a, const char *path, Error *err);
// The same, and of one of these stages: a list that ends with STAGES.
bool assistant_load_stage(Assistant *a, const char *path, const Stage *of, Error *err);
void assistant_free(Assistant *a);

bool assistant_save(const char *path, const Model *m, const Tokenizer *t, Stage stage,
                    const char *made, Error *err);
// What tells a model's numbers from others': to be said in `made`.
uint64_t assistant_hash(const Model *m);
