// ORPO: fine-tuning on the preferred answer, and a term that drives the odds of two
// answers apart. No reference. Lecture, section 5.9.
//
//     a = mean of ln pi(token), over an answer's tokens, END too
//     P = e^a, odds = P / (1 - P)
//
//     loss = -a_w - kappa ln sigma(z),     z = ln odds_w - ln odds_l
//     dloss/da_w = -1 - kappa sigma(-z) / (1 - P_w)
//     dloss/da_l = kappa sigma(-z) / (1 - P_l)
//
// Let two answers of one token share all probability, u be the log-odds of the first,
// which is preferred with probability p. The mean loss is least where
//
//     sigma(u) + 2 kappa sigma(2 u) = (1 + 2 kappa) p
//
// kappa = 0 says u = ln p/(1-p); a large kappa says half of that, since z is 2 u.
//
// Hong, Lee, Thorne (2024), arXiv:2403.07691.
#pragma once

typedef struct {
    double value, chosen, rejected;  // the slopes with respect to a_w and a_l
} OrpoLoss;

// Mean log-probabilities; kappa >= 0. One of 0 counts as next to 0: the odds of what is
// sure are infinite.
OrpoLoss orpo_loss(double chosen, double rejected, double kappa);
// u for 0 <= p <= 1; infinite at both ends.
double orpo_goal(double p, double kappa);
