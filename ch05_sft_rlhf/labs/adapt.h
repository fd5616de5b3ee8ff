// For labs on adapters: the fine-tuned assistant of the repository, taught kinds of
// question that it was never trained on.
#pragma once
#include "ch05_sft_rlhf/assistant.h"
#include "ch05_sft_rlhf/stages.h"

typedef struct {
    Assistant sft;
    Story story;
} AdaptWorld;

// path "": ch05_sft_rlhf/assistant.ckpt. It must not be moved.
void adapt_open(AdaptWorld *w, const char *path);
void adapt_close(AdaptWorld *w);

// Conversations of one question, of these kinds alone; the list ends with TASK_KINDS.
SftData adapt_data(const AdaptWorld *w, const StagePlan *plan, const TaskKind *kinds);
// Share of right answers to held-out questions of these kinds, greedy.
double adapt_right(const AdaptWorld *w, const Model *m, const TaskKind *kinds,
                   int count, Rng rng);
// Teaches m these kinds, and breaks off when at least `until` of `count` held-out
// questions are answered rightly.
void adapt_lesson(const AdaptWorld *w, Model *m, const TaskKind *kinds, double until,
                  int count, Rng rng, uint64_t seed);
