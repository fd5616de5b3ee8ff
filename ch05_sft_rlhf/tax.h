// The alignment tax: what a model has lost of the texts it was pretrained on. Lecture,
// section 5.12.
//
//     tax = loss on new stories after training - loss before        nats per token
//
// Both models read the same stories, so what is hard in a story cancels: the error of
// the difference is a tenth of the error of either.
#pragma once
#include "ch05_sft_rlhf/chat_template.h"
#include "common/numeric/mean.h"

// -ln p per token of each of `count` stories, END among its tokens: to[count]. Story i
// is the same for the same rng.
void tax_losses(double *to, const Model *m, const ChatTemplate *chat, const Story *s,
                int count, Rng rng);
// The tax of these losses, story by story.
Mean tax_of(const double *after, const double *before, int count);
