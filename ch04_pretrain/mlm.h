// Masked language modelling: some tokens are hidden, and predicted from all the others.
// Lecture, section 4.7.
//
//     text      the  cat  sat  on   the  mat
//     tokens    the [MASK] sat  on   dog  mat         15 % of the tokens are selected; of these
//     targets    -   cat   -    on   the   -          80 % become [MASK], 10 % a random token,
//                                                     10 % stay as they are
//
// All selected tokens are targets, hidden or not: a model that sees a token can never be
// sure that it is right. END, padding and other special tokens are never selected. A
// random token may happen to be the right one. corruption.h has the law.
//
// The selection is independent, token by token, so that the optimum is a sum (language.h,
// mask_posterior). BERT's own code selects a fixed number per row: a floor some 0.001
// higher or lower. Devlin et al. (2018), arXiv:1810.04805, section 3.1; dynamic masks:
// Liu et al., "RoBERTa" (2019), arXiv:1907.11692.
#pragma once
#include "ch04_pretrain/corruption.h"
#include "ch04_pretrain/objective.h"

// How its tokens are hidden.
Corruption mlm_corruption(const ObjectiveSettings *s);

void mlm_fill(Batch *b, int row, const Draw *from);
