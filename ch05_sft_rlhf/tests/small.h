// A small policy, a few exchanges and a small chat, for the tests of this chapter.
#pragma once
#include "ch05_sft_rlhf/chat_template.h"
#include "ch05_sft_rlhf/exchange.h"

enum { SMALL_VOCABULARY = 11, SMALL_END = SMALL_VOCABULARY - 1, SMALL_CONTEXT = 16 };

// One layer, 16 channels, two heads, drawn, with gradients. It must not be moved.
void small_model(Model *m, uint64_t seed);
// A prompt and an answer of so many tokens, drawn from 0 .. SMALL_END - 1.
Exchange small_exchange(Rng *rng, int prompt, int answer, bool finished);

// The story world with a tokenizer of letters, nearly: it knows few words. It must not be
// moved.
typedef struct {
    Story story;
    Tokenizer tokenizer;
    ChatTemplate chat;
    Instructions from;  // for training
} SmallChat;

void small_chat_new(SmallChat *s);
void small_chat_free(SmallChat *s);
// As small_model, for its tokens.
void small_chat_model(Model *m, const SmallChat *s, int context, uint64_t seed);
