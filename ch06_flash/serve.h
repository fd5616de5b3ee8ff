// A model that answers many requests at once: batching.h's slots, with chapter 3's
// generation in them. A step reads every weight once, for all slots that are busy; each
// request attends to its own keys. Lecture, section 6.13.
#pragma once
#include "ch03_transformer/infer.h"
#include "ch06_flash/batching.h"

typedef struct {
    const int *prompt;
    int prompt_count;  // at least 1
    int wanted;        // tokens, at least 1; the server does not plan with it
    int *tokens;       // those, greedy: written
    // wanted x vocabulary, what they were chosen from: written; or .at NULL
    Mat logits;
    int began, ended;  // the steps before and after: written
} Request;

typedef struct {
    int steps;
    int *busy;  // of each step: how many slots; free() it
    size_t capacity;
} Served;

// Answers all requests, given slots in their order. A prompt goes through by itself
// when its request gets a slot, all but its last token; then every step makes one
// token. prompt_count + wanted must stay within the model's context.
Served serve(const InferModel *m, Request *requests, int count, BatchingKind kind,
             int slots);
