// A trained model in a file of its own: a checkpoint whose notes are the Config.
// Lecture, section 3.12.
//
//     course-checkpoint 1
//     note name gpt                    for people: not read back
//     note family decoder              then every field of Config, a line each, words and numbers as here
//     note vocabulary 512
//     ...
//     tensor token.weight 512 64       then every parameter, by its name
//
// So a file says by itself what it is: no program needs to be told the sizes of the
// model it reads. Notes of other keys are passed over, and there may be more of them
// (checkpoint.h has the format).
#pragma once
#include "ch03_transformer/checkpoint.h"
#include "ch03_transformer/model.h"

// m: after model_allocate. What is not there twice: adapters' functions, which
// parameters are frozen, optimisers.
bool model_save(const char *path, const Model *m, Error *err);
// The same with more notes, whose keys are no field of Config.
bool model_save_with(const char *path, const Model *m, const CheckpointNote *more,
                     int more_count, Error *err);

// A new model like the one that was saved, its values allocated and read; gradients are
// not. model_free frees it. False and err ("path: ...", one line) on a file that is not
// intact or not a model, and then there is nothing to free. Nothing larger than the
// file is allocated before names and shapes are found to fit, but for tables of
// positions: 2^24 numbers at most.
bool model_load(const char *path, Model *m, Error *err);
// The same for a model with more parameters than its Config says: `add` adds them
// (params_add) before values are allocated, or refuses the file.
typedef bool ModelAdd(Model *m, const Checkpoint *file, const char *path, Error *err);
bool model_load_with(const char *path, Model *m, ModelAdd *add, Error *err);
