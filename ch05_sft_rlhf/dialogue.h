// A dialogue: a conversation with an assistant that goes on, in a context of fixed length.
// Lecture, section 5.10.
//
//     context   S be brief  U .. A .. END  U .. A .. END  U .. A     what the model reads
//               kept        forgotten, the oldest turn first, when there is no more room
//
// The keys and values of what was read stay in a cache; a new question alone goes through
// the model. Where something had to be forgotten, what is left is read again.
#pragma once
#include "ch03_transformer/infer.h"
#include "ch05_sft_rlhf/assistant.h"

typedef struct {
    Ids ids;         // question, answer, END
    char *question;  // as it was asked
} Exchanged;

typedef struct {
    const Assistant *with;
    InferModel view;
    Inference state;
    Ids system, read;  // read: what the cache holds
    Exchanged *turns;
    int count;
    size_t capacity;
    double temperature;  // 0: greedy
    Rng rng;
    int answer_most;  // tokens kept free for an answer
} Dialogue;

// The assistant must outlive it. False and err where infer.h cannot run the model.
bool dialogue_new(Dialogue *d, const Assistant *with, double temperature, Rng rng,
                  Error *err);
void dialogue_free(Dialogue *d);
// Forgets all turns; system: a line that stays in front from now on, "": none. False and
// err where it is too long.
bool dialogue_begin(Dialogue *d, const char *system, Error *err);

// A question. The turns that had to be forgotten for it are given to `forgets` first, the
// oldest first. False and err where it alone is too long, and then nothing has changed.
bool dialogue_ask(Dialogue *d, const char *question,
                  void (*forgets)(const Exchanged *turn), Error *err);
// The answer, one token per call: its bytes, which end with 0; NULL: it has ended. Then
// *finished says whether the model ended it, or the room did.
const char *dialogue_answer(Dialogue *d, bool *finished);
// Ends an answer before its end.
void dialogue_stop(Dialogue *d);
