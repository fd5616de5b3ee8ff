// A policy: what a model says of answers, token by token. Lecture, section 5.5.
//
//     pi(answer | prompt) = product over its tokens of pi(token | prompt, tokens before)
//     ln pi(answer | prompt) = sum of the tokens' log-probabilities, END's among them
//
// All of it is made of the rows of logits at which something is to be predicted
// (exchange.h): of n counted tokens in a batch, row by row and from left to right.
//
//     PolicyPass p = policy_pass(t, m, &batch);          log_probs: counted x 1
//     Node *sums = policy_sums(t, &batch, p.log_probs);  one per answer: rows x 1
//
// A reference policy is a second Model: a copy without gradients, of which nothing can
// be trained.
#pragma once
#include "ch03_transformer/model.h"
#include "ch04_pretrain/batch.h"

typedef struct {
    int counted;
    const int *places, *targets;  // of the counted tokens: row x time + position; id
    Node *hidden;                 // counted x channels, before the head
    Node *logits;                 // counted x vocabulary
    Node *log_probs;              // counted x 1
} PolicyPass;

// The tape must be that of m's parameters. At least one token is counted.
PolicyPass policy_pass(Tape *t, const Model *m, const Batch *b);
// Its two halves, for those who have a shorter way to the hidden vectors.
Node *policy_hidden(Tape *t, const Model *m, const Batch *b);
PolicyPass policy_pass_from(Tape *t, const Model *m, const Batch *b, Node *hidden);
// One number per answer, batch rows x 1: the sum of by_token (counted x 1) over its
// tokens. Padding adds nothing.
Node *policy_sums(Tape *t, const Batch *b, Node *by_token);
// -sum_k p_k ln p_k of each row of logits, in nats: rows x 1.
Node *policy_entropy(Tape *t, Node *logits);

// The same as numbers, without gradients: to[counted]; answers' sums to[rows].
void policy_log_probs(double *to, const Model *m, const Batch *b);
void policy_answer_log_probs(double *to, const Model *m, const Batch *b);

// *to becomes a model of its own with m's values and no gradients. `to` must not be moved.
void policy_copy(Model *to, const Model *m);
