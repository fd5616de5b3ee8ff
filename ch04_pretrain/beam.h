// Beam search: the most likely continuation, nearly. Lecture, section 4.15.
//
//     the                 log P     score = log P / length^a
//      |-- cat  ------- -1.2
//      |     |-- sat      -1.9     <- of width x V continuations the best `width` stay
//      |     `-- .        -2.0     <- a text that has ended stays as it is
//      `-- dog  ------- -1.4
//            `-- ...
//
// Width 1 is greedy decoding. With width V^length nothing is ever dropped: the result is
// the most likely text. In between there is no promise.
//
// A text's log-probability falls with each token, so that short ones win; a > 0 divides
// by length^a (a = 1: the mean per token). Wu et al. (2016), arXiv:1609.08144, section 7.
#pragma once
#include "ch04_pretrain/predictor.h"

typedef struct {
    int *tokens;  // without the prompt; its end, if it has one, is the last
    int length;
    double log_prob, score;
    bool ended;
} Beam;

typedef struct {
    Beam *list;  // the best first; of equals the one that was found first
    int count;
} Beams;

// At most `width` texts of at most `most` tokens; width <= p->most, both >= 1.
Beams beam_search(Predictor *p, int width, int most, double length_power);
void beams_free(Beams *b);
