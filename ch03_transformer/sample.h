// Sampling: the next token, from logits (1 x vocabulary). Lecture, sections 3.12 and
// 4.14.
//
//     greedy        the token with the largest logit; of equal ones the first
//     temperature   p = softmax(logits / temperature)
//     then          candidates are cut (filters.h) and one of the rest is drawn
//
//     logits --> penalise --> / temperature --> top-k --> top-p --> min-p --> draw --> token
//                (penalties.h)                 (filters.h)
#pragma once
#include "ch03_transformer/filters.h"
#include "ch03_transformer/penalties.h"

int token_greedy(Mat logits);

typedef struct {
    double temperature;   // 0: greedy
    int top_k;            // 0: all
    double top_p, min_p;  // 1 and 0: all
    Penalties penalties;
    Rng rng;  // what draws
} Sampling;
// From all of softmax(logits).
Sampling sampling_plain(Rng rng);

typedef struct {
    int token;
    double share;  // the probability with which it was drawn
} Choice;

// Temperature, filters, draw; of penalised logits.
Choice token_choose(Mat logits, Sampling *s);
// The candidates that token_choose draws from; temperature > 0.
Candidates candidates_of(Mat logits, const Sampling *s);
// Temperature > 0 and top-p alone; top_p in [0, 1] (1: all).
int token_sample(Mat logits, double temperature, double top_p, Rng *rng);
// ln of the sum of e^logit: a token's log-probability is its logit less this.
double logits_log_sum(Mat logits);
// ln softmax(logits)[token]: what the model says of it, however it was chosen.
double token_log_prob(Mat logits, int token);
