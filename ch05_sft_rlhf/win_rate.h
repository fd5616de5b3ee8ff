// Win rates: which of two policies answers better, by the gold reward. Lecture, section
// 5.10.
//
//     win rate = (wins + ties / 2) / prompts        both answer the same prompts
//     standard error = sqrt(variance of {1, 1/2, 0} / prompts)
//     KL(a || b) = mean over a's answers of ln a(answer) - ln b(answer)
//
// A policy against itself wins one half, within chance.
#pragma once
#include "ch05_sft_rlhf/questions.h"
#include "common/numeric/mean.h"

typedef struct {
    int wins, ties, losses;
    double rate, error;                 // of a over b
    double reward[2], reward_error[2];  // means
    Mean gain;                          // of a's reward over b's, question by question
    double kl, kl_error;                // of a from b, in nats per answer
    double right[2], ended[2];          // shares
} WinRate;

// Of rewards alone: a[i] and b[i] are of answers to one prompt.
WinRate win_rate_of(const double *a, const double *b, int count);
// a against b, both at temperature 1, each with its own stream of rng.
bool win_rate(WinRate *to, const Questions *q, const Model *a, const Model *b,
              const ChatTemplate *chat, Rng rng, Error *err);
