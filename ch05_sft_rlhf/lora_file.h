// An adapter in a file of its own: a hundredth to a tenth of the model that it belongs
// to. Lecture, section 5.12.
//
//     course-checkpoint 1                            checkpoint.h
//     note adapter rank 8 alpha 16 places 127 dora no int8 no
//     note base 8c3bf1d20e57a946                     the model's numbers, hashed
//     note stage sft                                 what model and adapter are together
//     note made sft --data .. from 8c3bf1d20e57a946
//     tensor lora.0.query.a 64 8 ..
//
// A reward model's adapter (stage reward) has the reward model's head in it too.
#pragma once
#include "ch05_sft_rlhf/assistant.h"
#include "ch05_sft_rlhf/lora.h"

// base: of the model that was adapted, its assistant_hash.
bool lora_save(const char *path, const Lora *l, uint64_t base, Stage stage,
               const char *made, Error *err);
// What model and adapter are together. False and err where the file is no adapter.
bool lora_stage(Stage *stage, const char *path, Error *err);
// The adapter of `path` beside `base`; `hash` must be the one that the file says. False
// and err where it is not, or the file is no intact adapter. *made: the caller frees it.
// *l must not be moved.
bool lora_load(Lora *l, const char *path, const Model *base, uint64_t hash, char **made,
               Error *err);
