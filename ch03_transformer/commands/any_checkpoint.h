// A checkpoint of any kind that generation can run: how the file begins says which.
#pragma once
#include "ch03_transformer/infer_model.h"
#include "ch03_transformer/model.h"

typedef enum {
    CHECKPOINT_OWN,      // checkpoint.h
    CHECKPOINT_GPT2,     // llm.c's
    CHECKPOINT_LLAMA2C,  // llama2.c's
    CHECKPOINT_KINDS
} CheckpointFormat;

typedef struct {
    CheckpointFormat format;
    InferModel model;
    Model own;  // CHECKPOINT_OWN: what model is a view of
} AnyCheckpoint;

// False and err (one line) where the file cannot be read or run; nothing is left then.
bool any_checkpoint_read(AnyCheckpoint *c, const char *path, Error *err);
void any_checkpoint_free(AnyCheckpoint *c);
