// Preference losses: policies from pairs of answers, without a reward model: a table.
// Lecture, section 5.9.
//
//     h = ln (pi(answer) / ref(answer))          of the whole answer: a sum over its tokens
//     d = h_chosen - h_rejected
//
//     dpo    -ln sigma(beta d)                                     Bradley-Terry with r = beta h
//     cdpo   -(1 - eta) ln sigma(beta d) - eta ln sigma(-beta d)   a share eta of labels is wrong
//     ipo    (d - 1 / (2 tau))^2                                   d has a goal, tau = beta
//     hinge  max(0, 1 - beta d)                                    SLiC's: enough is enough
//     orpo   orpo.h: of mean log-probabilities, without a reference; kappa = beta
//
// With p the chance that `chosen` is preferred, each is least on average at a d of its
// own:
//
//     dpo  beta d = ln p/(1-p)      cdpo  beta d = ln q/(1-q), q = (1-eta) p + eta (1-p)
//     ipo  d = (2p - 1) / (2 tau)
//
// So dpo's goal is infinite for labels that never err (p = 1), cdpo's is ln
// (1-eta)/eta. A mean over tokens in place of the sum is another loss: the
// Bradley-Terry model speaks of answers.
//
// Rafailov et al. (2023), arXiv:2305.18290; Mitchell, "A note on DPO with noisy
// preferences" (2023); Azar et al. (2023), arXiv:2310.12036; Zhao et al. (2023),
// arXiv:2305.10425.
#pragma once
#include "ch03_transformer/tape.h"

typedef enum {
    PREFERENCE_DPO,
    PREFERENCE_CDPO,
    PREFERENCE_IPO,
    PREFERENCE_HINGE,
    PREFERENCE_ORPO,
    PREFERENCE_KINDS
} PreferenceKind;

typedef struct {
    PreferenceKind kind;
    double beta;       // > 0; ipo: tau; orpo: kappa
    double smoothing;  // cdpo's eta, [0, 1/2)
} PreferenceSettings;

typedef struct {
    double value, slope;  // slope: with respect to d
} PreferenceLoss;

// Of two measures, h or mean ln pi, with a slope for each.
typedef struct {
    double value, chosen, rejected;
} PairLoss;

typedef struct {
    const char *name;
    // of d; orpo: of two answers of one token that share all probability, which differ
    // by d
    PreferenceLoss (*of)(double d, const PreferenceSettings *s);
    // the d at which the mean loss is least, if `chosen` is preferred with probability
    // p
    double (*goal)(double p, const PreferenceSettings *s);
    // answers are measured by h, against a reference; or else by their mean ln pi
    bool reference;
    // of two measures; NULL: `of` their difference
    PairLoss (*pair)(double chosen, double rejected, const PreferenceSettings *s);
} PreferenceType;

extern const PreferenceType preference_kinds[];
const char *const *preference_names(void);  // ends with NULL

PreferenceLoss preference_loss(double d, const PreferenceSettings *s);

PairLoss preference_pair_loss(double chosen, double rejected,
                              const PreferenceSettings *s);

// Which of some answers was preferred to which, and how much that counts.
typedef struct {
    int chosen, rejected;
    double weight;
} Preferred;

// What the loss compares, answers x 1, of sums: their ln pi. h, or where reference is
// NULL the mean of ln pi over so many tokens.
Node *preference_measures(Tape *t, Node *sums, const double *reference,
                          const int *tokens);
// sum over pairs of weight x loss; measures: answers x 1, of each h or its mean ln pi.
Node *preference_node(Tape *t, Node *measures, const Preferred *pairs, size_t count,
                      const PreferenceSettings *s);
