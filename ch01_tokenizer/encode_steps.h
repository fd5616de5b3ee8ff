// The steps by which encoding became fast, each with all those before it. Lecture,
// section 1.12. All give the same ids.
#pragma once
#include "ch01_tokenizer/piece_encode.h"

typedef enum {
    STEP_ENGINE,   // PCRE2 splits, the merges do the rest
    STEP_BY_HAND,  // split by hand (split_hand.h)
    STEP_WINDOWS,  // sixty-four bytes at once (split_vector.h)
    STEP_MEMORY,   // words remembered (word_memory.h)
    STEP_PARTS,    // long pieces cut (joins.h): what tokenizer_encode() does
    ENCODE_STEPS
} EncodeStepKind;

typedef struct {
    const char *name;
    bool by_engine;
    EncodeWithout without;
} EncodeStep;

extern const EncodeStep encode_steps[];  // one per step

// The ids of text as of this step; t has one of the named patterns. `engine` is a splitter
// pattern for the first step: pattern_new(pattern_expression(...)).
void encode_step(const Tokenizer *t, const Pattern *engine, EncodeStepKind step,
                 const char *text, size_t n, Ids *ids);
