// Examples as tokens: exchanges, pairs of them, conversations. Lecture, sections 5.3 and
// 5.4.
//
// What a model cannot read is said with the file and the line: a token that it does not
// have, a prompt or an answer for which its context is too short.
#pragma once
#include "ch05_sft_rlhf/chat_template.h"
#include "ch05_sft_rlhf/examples.h"
#include "ch05_sft_rlhf/reward_trainer.h"

// The example's conversation and one of its answers, ended by END.
bool example_exchange(Exchange *to, const ChatTemplate *c, const Examples *of,
                      const Example *e, const char *answer, int context, Error *err);

// A conversation for fine-tuning. False and err where it has more than TURNS_MOST turns.
bool example_conversation(Conversation *to, const Examples *of, const Example *e,
                          Error *err);

// All preferences of a file as pairs of exchanges, with the margin `margin` x strength.
typedef struct {
    Exchange *exchanges;  // chosen and rejected in turn
    RewardPair *pairs;
    int count;
} Preferences;

// False and err also for a file of answers.
bool preferences_of(Preferences *p, const ChatTemplate *c, const Examples *of,
                    int context, double margin, int head, Error *err);
void preferences_free(Preferences *p);
