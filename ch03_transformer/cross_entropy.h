// Softmax and cross-entropy in one, and the log-probabilities of given tokens. Lecture,
// section 3.2.
//
//     ln p_i(k) = l_ik - ln sum_j e^l_ij                          row by row
//     loss = - mean over the counted rows of ln p_i(target_i)     dl_ik = (p_i(k) - [k = target_i]) / counted
//
// Targets that are IGNORED do not count; if none counts, the loss is 0 and so is its
// gradient. The probabilities are not kept, only one number per row: they are made again
// in the backward pass.
#pragma once
#include "ch03_transformer/tape.h"

enum { IGNORED = -1 };  // any negative number

// logits (rows x V), targets: rows of them, each below V or negative, copied -> 1 x 1,
// nats.
Node *cross_entropy(Tape *t, Node *logits, const int *targets);
// -> rows x 1: ln p_i(tokens_i), 0 where ignored.
Node *token_log_probs(Tape *t, Node *logits, const int *tokens);
