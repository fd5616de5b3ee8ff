// Questions for policies to answer, and what the gold reward says of the answers.
// Lecture, section 5.2.
#pragma once
#include "ch05_sft_rlhf/chat_template.h"
#include "ch05_sft_rlhf/rollout.h"

// Questions with their exact answers, to be answered by policies.
typedef struct {
    Conversation *list;
    Ids *ids;
    Prompt *prompts;  // all before the last turn's answer
    int count;
} Questions;

// `count` conversations, whose last question is to be answered; earlier answers are the
// demonstrator's.
Questions questions_new(const Instructions *from, const ChatTemplate *chat, int count,
                        Rng rng);
// The same of conversations that someone has: takes list[count], whose last turns are
// to be answered and say what is exact.
Questions questions_from(Conversation *list, int count, const ChatTemplate *chat);
void questions_free(Questions *q);
// Each of them `times` times in a row, to be answered as often. A view: q must outlive
// it. Freed by questions_repeat_free.
Questions questions_repeat(const Questions *q, int times);
void questions_repeat_free(Questions *view);
// The turn that is to be answered.
const Turn *questions_turn(const Questions *q, int i);

// One answer to each, at this temperature; to[count], freed by rollout_free. False and err
// where the model cannot be run, or a question is longer than its context.
bool questions_answer(Rollout *to, const Questions *q, const Model *m,
                      const ChatTemplate *chat, double temperature, Rng rng,
                      Error *err);
// What the gold reward says of answer i.
double questions_reward(const Questions *q, int i, const ChatTemplate *chat,
                        const Exchange *answer);
