// Questions for grpo and best-of-n: the story world's, of all kinds or one, or those of
// a file, whose answers are the right ones.
#pragma once
#include "ch05_sft_rlhf/assistant.h"
#include "ch05_sft_rlhf/examples.h"
#include "ch05_sft_rlhf/questions.h"
#include "common/program/options.h"

#define QUESTION_OPTIONS \
    {"task", "", "a kind of question: who, where, .. (`eval` lists them); else all"}, \
    { \
        "data", NULL, "questions of one's own: columns prompt, answer; or JSON Lines" \
    }

typedef struct {
    const ChatTemplate *chat;
    Story story;
    Instructions from;
    Examples examples;  // count 0: none
} OwnQuestions;

// Ends the program on a bad value or file. held_out: of the story world's questions
// those that nobody trains on. *a must outlive it.
void own_questions_open(OwnQuestions *q, const Args *args, const Assistant *a,
                        bool held_out);
void own_questions_close(OwnQuestions *q);
// `count` of them: drawn, or, of a file, at random.
Questions own_questions(const OwnQuestions *q, int count, Rng rng);
