#include "ch05_sft_rlhf/preference_loss.h"

#include <assert.h>
#include <math.h>

#include "ch05_sft_rlhf/logistic.h"
#include "ch05_sft_rlhf/slopes.h"
#include "common/error.h"

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

const PreferenceType preference_kinds[] = {
    [PREFERENCE_DPO] = {"dpo", "the Bradley-Terry likelihood", dpo, dpo_goal},
    [PREFERENCE_CDPO] = {"cdpo", "the same with a share of wrong labels", cdpo,
                         cdpo_goal},
    [PREFERENCE_IPO] = {"ipo", "the distance to a goal, squared", ipo, ipo_goal},
    [PREFERENCE_HINGE] = {"hinge", "what the margin lacks", hinge, hinge_goal},
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

Node *preference_node(Tape *t, Node *log_ratios, const Preferred *pairs, size_t count,
                      const PreferenceSettings *s) {
    Mat h = log_ratios->value;
    double *slopes = tape_allocate(t, (size_t)h.rows * sizeof *slopes), sum = 0;
    for (size_t i = 0; i < count; i++) {
        const Preferred *p = &pairs[i];
        double d =
            (double)*mat_at(h, p->chosen, 0) - (double)*mat_at(h, p->rejected, 0);
        PreferenceLoss loss = preference_loss(d, s);
        sum += p->weight * loss.value;
        slopes[p->chosen] += p->weight * loss.slope;
        slopes[p->rejected] -= p->weight * loss.slope;
    }
    return loss_of_slopes(t, log_ratios, sum, slopes);
}
