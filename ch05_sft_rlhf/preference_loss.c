#include "ch05_sft_rlhf/preference_loss.h"

#include <assert.h>

#include "ch03_transformer/arithmetic.h"
#include "ch05_sft_rlhf/orpo.h"
#include "ch05_sft_rlhf/slopes.h"
#include "common/numeric/logistic.h"

static PreferenceLoss dpo(double d, const PreferenceSettings *s) {
    double x = s->beta * d;
    return (PreferenceLoss){-log_logistic(x), -s->beta * logistic(-x)};
}
static double dpo_goal(double p, const PreferenceSettings *s) {
    return logit(p) / s->beta;
}

static PreferenceLoss cdpo(double d, const PreferenceSettings *s) {
    PreferenceLoss right = dpo(d, s), wrong = dpo(-d, s);
    double eta = s->smoothing;
    return (PreferenceLoss){(1 - eta) * right.value + eta * wrong.value,
                            (1 - eta) * right.slope - eta * wrong.slope};
}
static double cdpo_goal(double p, const PreferenceSettings *s) {
    double eta = s->smoothing;
    return logit((1 - eta) * p + eta * (1 - p)) / s->beta;
}

static PreferenceLoss ipo(double d, const PreferenceSettings *s) {
    double off = d - 1 / (2 * s->beta);
    return (PreferenceLoss){off * off, 2 * off};
}
static double ipo_goal(double p, const PreferenceSettings *s) {
    return (2 * p - 1) / (2 * s->beta);
}

static PreferenceLoss hinge(double d, const PreferenceSettings *s) {
    double lacks = 1 - s->beta * d;
    return lacks > 0 ? (PreferenceLoss){lacks, -s->beta} : (PreferenceLoss){0, 0};
}
static double hinge_goal(double p, const PreferenceSettings *s) {
    return (p > 0.5 ? 1 : p < 0.5 ? -1 : 0) / s->beta;
}

// d is the log-odds of the first of two answers: ln sigma(d) and ln sigma(-d) are
// theirs.
static PreferenceLoss orpo(double d, const PreferenceSettings *s) {
    OrpoLoss l = orpo_loss(log_logistic(d), log_logistic(-d), s->beta);
    return (PreferenceLoss){l.value,
                            l.chosen * logistic(-d) - l.rejected * logistic(d)};
}
static PairLoss orpo_pair(double chosen, double rejected, const PreferenceSettings *s) {
    OrpoLoss l = orpo_loss(chosen, rejected, s->beta);
    return (PairLoss){l.value, l.chosen, l.rejected};
}
static double orpo_best(double p, const PreferenceSettings *s) {
    return orpo_goal(p, s->beta);
}

const PreferenceType preference_kinds[] = {
    [PREFERENCE_DPO] = {"dpo", dpo, dpo_goal, true},
    [PREFERENCE_CDPO] = {"cdpo", cdpo, cdpo_goal, true},
    [PREFERENCE_IPO] = {"ipo", ipo, ipo_goal, true},
    [PREFERENCE_HINGE] = {"hinge", hinge, hinge_goal, true},
    [PREFERENCE_ORPO] = {"orpo", orpo, orpo_best, false, orpo_pair},
};
_Static_assert(sizeof preference_kinds / sizeof *preference_kinds == PREFERENCE_KINDS,
               "a preference loss without a line in the table");

const char *const *preference_names(void) {
    static const char *names[PREFERENCE_KINDS + 1];
    for (int i = 0; i < PREFERENCE_KINDS; i++) names[i] = preference_kinds[i].name;
    return names;
}

PreferenceLoss preference_loss(double d, const PreferenceSettings *s) {
    assert(s->beta > 0 && s->smoothing >= 0 && s->smoothing < 0.5);
    return preference_kinds[s->kind].of(d, s);
}

PairLoss preference_pair_loss(double chosen, double rejected,
                              const PreferenceSettings *s) {
    const PreferenceType *type = &preference_kinds[s->kind];
    if (type->pair) return type->pair(chosen, rejected, s);
    PreferenceLoss l = preference_loss(chosen - rejected, s);
    return (PairLoss){l.value, l.slope, -l.slope};
}

Node *preference_measures(Tape *t, Node *sums, const double *reference,
                          const int *tokens) {
    Mat by = tape_mat(t, sums->value.rows, 1);
    for (int i = 0; i < by.rows; i++)
        *mat_at(by, i, 0) = reference ? (real)reference[i] : 1 / (real)tokens[i];
    Node *constant = constant_node(t, by);
    return reference ? subtract(t, sums, constant) : product(t, sums, constant);
}

Node *preference_node(Tape *t, Node *measures, const Preferred *pairs, size_t count,
                      const PreferenceSettings *s) {
    Mat of = measures->value;
    double *slopes = tape_allocate(t, (size_t)of.rows * sizeof *slopes), sum = 0;
    for (size_t i = 0; i < count; i++) {
        const Preferred *p = &pairs[i];
        PairLoss loss = preference_pair_loss((double)*mat_at(of, p->chosen, 0),
                                             (double)*mat_at(of, p->rejected, 0), s);
        sum += p->weight * loss.value;
        slopes[p->chosen] += p->weight * loss.chosen;
        slopes[p->rejected] += p->weight * loss.rejected;
    }
    return loss_of_slopes(t, measures, sum, slopes);
}
