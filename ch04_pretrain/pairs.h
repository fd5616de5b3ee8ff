// Pairs of sentences: does the second follow the first? Lecture, section 4.10.
//
//     tokens    [C] a a a a [S] b b b b [S]         two halves of a row
//     segments   0  0 0 0 0  0  1 1 1 1  1
//
//     NSP    label 1: b follows a;  label 0: b is from another row      (BERT)
//     SOP    label 1: b follows a;  label 0: they have changed places   (ALBERT)
//
// Both labels are as likely. NSP can be solved by the topic alone, to 1 - 1/(2 K) with K
// topics; SOP cannot: there the topic says nothing. A classifier on the pooled first
// token, "pair.weight" (channels x 2), is trained; the label is its target.
//
// Devlin et al. (2018), arXiv:1810.04805, section 3.1; Lan et al., "ALBERT" (2019),
// arXiv:1909.11942, section 3.1. The ids of [C] and [S] follow the data's.
#pragma once
#include "ch04_pretrain/objective.h"

enum { PAIR_CLASS, PAIR_SEPARATOR, PAIR_TOKENS };

void nsp_fill(Batch *b, int row, const Draw *from);
void sop_fill(Batch *b, int row, const Draw *from);

int pair_time(int time);  // of a row of the batch: two halves of the data's, and 3

// Adds the classifier; between model_new and model_allocate.
void pair_head_add(Model *m);
Node *pair_logits(Tape *t, const Model *m, const Batch *b);  // rows x 2
