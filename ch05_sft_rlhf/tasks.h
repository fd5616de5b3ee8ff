// Tasks with exact answers, made from the world of the stories. Lecture, section 5.2.
//
//     kind       question                                  answer
//     who        (a tale) Who has the kite?                Tom has the kite.
//     where      (a tale) Where is the kite?               It is under the bed.
//     place      (a tale) Where are Anna and Tom?          They are in the park.
//     has        (a tale) Does Tom have the kite?          Yes, he has it.
//     refuse     (a tale) Does Mia have the kite?          There is no Mia in the story.
//     repeat     Say: Tom hid the kite under the bed.      Tom hid the kite under the bed.
//     swap       Say Ben for Tom: Tom hid the kite ..      Ben hid the kite ..
//     first      Say the first of: ball kite hat           ball.
//     reverse    Say backwards: ball kite hat              hat kite ball.
//     count      How many are these: ball kite hat         Three.
//     hello      Hello, I am Mia.                          Hello, Mia.
//
// and kinds that nobody is trained on, to see what was understood: `either` asks who has
// it of two, `swap-toy` swaps a toy, `last` wants the other end of a list.
//
// Held-out instances are told by a hash of the question: one in sixteen, in every run and
// for every seed, so that no training set can contain them.
#pragma once
#include "ch05_sft_rlhf/tale.h"

typedef enum {
    TASK_WHO,
    TASK_WHERE,
    TASK_PLACE,
    TASK_HAS,
    TASK_REFUSE,
    TASK_REPEAT,
    TASK_SWAP,
    TASK_FIRST,
    TASK_REVERSE,
    TASK_COUNT,
    TASK_HELLO,
    TASK_EITHER,
    TASK_SWAP_TOY,
    TASK_LAST,
    TASK_KINDS
} TaskKind;

typedef struct {
    TaskKind kind;
    Text question, answer;  // the question without its tale
} Question;
void question_free(Question *q);

typedef struct {
    const char *name;
    bool of_tale;  // asks about a tale
    // of the questions that are trained on, relative to the others: what is learnt late is
    // asked more often, `has` most of all; 0: a kind that no one is trained on
    double share;
    // Fills question and answer; tale: the one asked about, or one to take words from.
    void (*make)(Question *q, const Tale *tale, Rng *rng);
} Task;

extern const Task tasks[];
const char *const *task_names(void);  // ends with NULL

// A question of this kind about this tale.
Question task_question(TaskKind kind, const Tale *tale, Rng *rng);
// Whether it is one of those that nobody may be trained on. tale NULL: none.
bool question_is_held_out(const Question *q, const Tale *tale);
