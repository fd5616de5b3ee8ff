// Assessment: what a model answers to held-out questions, kind by kind. Lecture, section
// 5.2.
//
// Right is what is right word for word, in any manner (gold.h), and ended by the model
// itself.
#pragma once
#include "ch05_sft_rlhf/questions.h"

typedef struct {
    int asked, right, ended;
    double reward;  // summed
} Marks;

// Single questions, `count` of each kind in `kinds` (TASK_KINDS flags; NULL: of all); to
// [TASK_KINDS]. Question i of a kind is the same for the same rng. temperature 0: greedy.
bool assess(Marks *to, const Model *m, const ChatTemplate *chat, const Story *story,
            const bool *kinds, int count, double temperature, Rng rng, Error *err);

// Questions about the tale that a conversation tells as number 1, 2 .. `stories`; to
// [stories]. Each of the conversation's turns tells a tale and asks about it, and the last
// one is to be answered.
bool assess_stories(Marks *to, const Model *m, const ChatTemplate *chat,
                    const Story *story, int stories, int count, double temperature,
                    Rng rng, Error *err);
