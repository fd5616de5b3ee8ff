// A tokenizer inside a checkpoint: its vocabulary's lines as notes, "tokenizer.1",
// "tokenizer.2", ... Lecture, section 3.12. So a model and its tokens are one file, and
// nobody has to say which belong together.
#pragma once
#include "ch01_tokenizer/tokenizer.h"
#include "ch03_transformer/model_file.h"

// model_save, and the tokenizer with it. False and err also for one of ranks, which has
// no merges to be written.
bool model_save_with_tokenizer(const char *path, const Model *m, const Tokenizer *t,
                               Error *err);
// The same with more notes, as in model_save_with.
bool model_save_with_tokenizer_and(const char *path, const Model *m, const Tokenizer *t,
                                   const CheckpointNote *more, int more_count,
                                   Error *err);
bool tokenizer_is_noted(const Checkpoint *c);
// False and err where there is none, or its lines are no vocabulary.
bool tokenizer_of_notes(Tokenizer *t, const Checkpoint *c, const char *path,
                        Error *err);
