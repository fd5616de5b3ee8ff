// Prefix language modelling: some tokens are read both ways, those after them are
// predicted one by one. Lecture, section 4.7.
//
//     tokens    END  t  h  e  _  b  a  l  l          a prefix of 4: it sees itself both ways
//     targets   -    -  -  _  b  a  l  l  END        its last token predicts the first one after it
//
// The prefix's length is drawn, 1 .. time - 1 alike. With a task's words in the prefix this
// is text-to-text: one model, many tasks. Raffel et al. (2019), arXiv:1910.10683, 3.2.3.
#pragma once
#include "ch04_pretrain/objective.h"

void prefix_fill(Batch *b, int row, const Draw *from);
