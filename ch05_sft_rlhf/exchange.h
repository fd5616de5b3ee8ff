// An exchange: a prompt and the answer to it, as tokens. Lecture, section 5.3.
//
//     ids        U who has ? A | Tom has it . END      prompt 5, an answer of 4, END
//     position   0  1   2  3 4 |  5   6  7 8   9       length 10, finished
//     target                 5    6   7  8 9           at positions 4 .. 8: five counted
//
// The token at a position is predicted by the logits of the position before it. So the
// first token of the answer is predicted where the prompt ends, and END is a target like
// the others: a model that was never taught to end does not. An answer that was cut off
// has no END, and nothing is to be predicted after its last token.
//
// Padding is known by a row's length, never by an id: where padding is END and targets
// that are END do not count, nobody learns to end.
#pragma once
#include "ch01_tokenizer/tokenizer.h"
#include "ch04_pretrain/batch.h"

typedef struct {
    int *ids;
    int prompt, length;  // 1 <= prompt <= length
    bool finished;       // the last id is END
} Exchange;

// A copy of prompt and answer; END is added where `finished`. Freed by exchange_free.
Exchange exchange_of(const int *prompt, int prompt_count, const int *answer,
                     int answer_count, int end, bool finished);
// From plain text, in which no special token is read. False and err where the ids of
// prompt and answer are not those of the whole text: a tokenizer that merges across the
// boundary would show the model prompts in training that it never meets in use.
bool exchange_encode(Exchange *e, const Tokenizer *t, const char *prompt,
                     const char *answer, int end, Error *err);
void exchange_free(Exchange *e);

// Tokens that are to be predicted: the answer's, and END.
static inline int exchange_counted(const Exchange *e) { return e->length - e->prompt; }

// `count` exchanges as a batch, a row each, padded on the right to the longest (time =
// its length: END is read too, for those who score it). All else is IGNORED.
Batch exchange_batch(const Exchange *const *list, int count);
