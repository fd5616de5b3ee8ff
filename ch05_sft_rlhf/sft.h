// Supervised fine-tuning: rows of conversations, and a loss on answers only. Lecture,
// section 5.3.
//
//     tokens    U Who has .. ? A Tom has it . END U Where .. ? A It is .. END
//     targets   .  .   .  .  . Tom has it . END  .  .  .  .  . It is .. END  .
//
// A packed row holds several conversations; none sees another (batch.h). Row n is the same
// for the same n, always.
#pragma once
#include "ch05_sft_rlhf/chat_template.h"

typedef struct {
    ChatTemplate chat;
    Instructions from;
    bool last_only;  // a conversation's last answer alone is a target
    bool alone;      // one conversation per row, padded; else as many as fit
    int time;        // tokens per row
    Rng rng;
    // Conversation `which` of row n instead of one of `from`; NULL: from
    Conversation (*draw)(void *self, long long n, int which, Rng *rng);
    void *self;
} SftData;

Batch sft_batch_new(const SftData *d, int rows);
// Rows n .. n + b->rows - 1.
void sft_fill(Batch *b, const SftData *d, long long n);
