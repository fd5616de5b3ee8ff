// Problem 4: preferences without pairs.
#include <math.h>

#include "ch05_sft_rlhf/homework/grade.h"

static const double TOLERANCE = 1e-10;

// ---- the point of reference

static void check_reference(Grade *g) {
    const double h[] = {0.5, -0.25, 1.25, 0.1};
    double got = kto_reference(grade_guarded("mismatched", h, sizeof h), 4);
    grade_mistake(g, fabs(got - 1.85 / 4) < TOLERANCE, "clamped-each",
                  "each h was kept at 0 at least: only their mean is");
    grade_mistake(g, fabs(got - 1.6) < TOLERANCE, "sum",
                  "this is a sum: the mean is asked for");
    grade_near(g, 2, "the reference of 0.5, -0.25, 1.25, 0.1", got, 0.4, TOLERANCE);
}

static void check_reference_negative(Grade *g) {
    const double h[] = {0.5, -0.25, -1.25};
    double got = kto_reference(grade_guarded("mismatched", h, sizeof h), 3);
    grade_mistake(g, fabs(got + 1.0 / 3) < TOLERANCE, "below-zero",
                  "a divergence is never negative: 0 is the least");
    grade_near(g, 1, "the reference of 0.5, -0.25, -1.25", got, 0, TOLERANCE);
}

static void check_reference_none(Grade *g) {
    const double h[] = {1};
    double got = kto_reference(grade_guarded("mismatched", h, 0), 0);
    grade_mistake(g, isnan(got), "none",
                  "the mean of no answers is 0 / 0: 0 is asked for");
    grade_near(g, 1, "the reference of no answers", got, 0, TOLERANCE);
}

// ---- loss and slopes

enum { MOST_JUDGED = 4 };
typedef struct {
    int n;
    double h[MOST_JUDGED];
    bool liked[MOST_JUDGED];
    double z;
    KtoSettings settings;
} Cases;

typedef enum {
    KTO_RIGHT,
    KTO_SUM,         // not a mean
    KTO_NO_Z,        // z is ignored
    KTO_SIGN,        // the others' sign as that of the liked
    KTO_LOG,         // -ln sigma, as DPO
    KTO_LAMBDAS,     // exchanged
    KTO_NO_LAMBDAS,  // 1
    KTO_NO_BETA,     // of slopes: the factor
    KTO_MEANS        // of each kind, added
} KtoRule;

static double logistic_of(double x) { return 1 / (1 + exp(-x)); }

// Loss and slope of answer i.
static void one_by(KtoRule rule, const Cases *c, int i, double *loss, double *slope) {
    bool liked = c->liked[i], first = rule == KTO_LAMBDAS ? !liked : liked;
    double lambda = first ? c->settings.lambda_liked : c->settings.lambda_other;
    double sign = liked || rule == KTO_SIGN ? 1 : -1, beta = c->settings.beta,
           x = sign * beta * (c->h[i] - (rule == KTO_NO_Z ? 0 : c->z));
    if (rule == KTO_NO_LAMBDAS) lambda = 1;
    *loss = lambda * (rule == KTO_LOG ? log1p(exp(-x)) : 1 - logistic_of(x));
    double inner =
        rule == KTO_LOG ? 1 - logistic_of(x) : logistic_of(x) * (1 - logistic_of(x));
    *slope = -lambda * sign * (rule == KTO_NO_BETA ? 1 : beta) * inner;
}

static void loss_by(int rule, const void *of, double *to) {
    const Cases *c = of;
    int liked = 0;
    for (int i = 0; i < c->n; i++) liked += c->liked[i];
    *to = 0;
    for (int i = 0; i < c->n; i++) {
        double loss, slope, count = c->n;
        one_by((KtoRule)rule, c, i, &loss, &slope);
        if (rule == KTO_SUM) count = 1;
        if (rule == KTO_MEANS) count = c->liked[i] ? liked : c->n - liked;
        *to += loss / count;
    }
}

static void slopes_by(int rule, const void *of, double *to) {
    const Cases *c = of;
    for (int i = 0; i < c->n; i++) {
        double loss;
        one_by((KtoRule)rule, c, i, &loss, &to[i]);
        to[i] /= rule == KTO_SUM ? 1 : c->n;
    }
}

static const Slip LOSS_SLIPS[] = {
    {KTO_SUM, "sum", "this is a sum over answers: a mean is asked for"},
    {KTO_NO_Z, "no-reference", "h is taken from 0: it is from z"},
    {KTO_SIGN, "sign", "what was not liked has the sign turned: sigma(beta (z - h))"},
    {KTO_LOG, "log-sigma", "this is -ln sigma, DPO's: here it is 1 - sigma"},
    {KTO_LAMBDAS, "lambdas", "the two lambdas are exchanged"},
    {KTO_NO_LAMBDAS, "no-lambdas", "the lambdas are not used"},
    {KTO_NO_BETA, "no-beta", "the inner derivative is beta"},
    {KTO_MEANS, "two-means", "a mean of each kind, added: one mean over all answers"},
};

static Judged judged(const Cases *c) {
    return (Judged){c->n, grade_guarded("h", c->h, (size_t)c->n * sizeof(double)),
                    grade_guarded("liked", c->liked, (size_t)c->n * sizeof(bool))};
}

static void check_loss_of(Grade *g, int points, const char *what, const Cases *c) {
    Judged a = judged(c);
    double got = kto_loss(&a, c->z, c->settings);
    grade_numbers(g, points, what, &got, 1, TOLERANCE, loss_by, c, LOSS_SLIPS,
                  COUNT_OF(LOSS_SLIPS));
}

static void check_slopes_of(Grade *g, int points, const char *what, const Cases *c) {
    Judged a = judged(c);
    double got[MOST_JUDGED], nothing[MOST_JUDGED] = {9, 9, 9, 9};
    double *to = grade_guarded("slopes", nothing, (size_t)c->n * sizeof *to);
    kto_slopes(&a, c->z, c->settings, to);
    for (int i = 0; i < c->n; i++) got[i] = to[i];
    grade_numbers(g, points, what, got, c->n, TOLERANCE, slopes_by, c, LOSS_SLIPS,
                  COUNT_OF(LOSS_SLIPS));
}

static const Cases
    LIKED = {3, {0.5, -1, 2}, {true, true, true}, 0.25, {0.5, 1.5, 0.75}},
    BOTH = {4, {0.5, -1, 2, 0.75}, {true, false, false, true}, 0.25, {0.5, 1.5, 0.75}},
    FAR = {3, {3000, -3000, 2500}, {false, true, false}, 0, {1, 1, 2}};

static void check_loss_liked(Grade *g) {
    check_loss_of(g, 3, "the loss of three answers that were liked", &LIKED);
}
static void check_loss_both(Grade *g) {
    check_loss_of(g, 3, "the loss of two that were liked and two that were not", &BOTH);
}
static void check_slopes_liked(Grade *g) {
    check_slopes_of(g, 3, "the slopes of three answers that were liked", &LIKED);
}
static void check_slopes_both(Grade *g) {
    check_slopes_of(g, 4, "the slopes of two that were liked and two that were not",
                    &BOTH);
}

// beta h of 3000: e^3000 is infinite.
static void check_far(Grade *g) {
    Judged a = judged(&FAR);
    double loss = kto_loss(&a, FAR.z, FAR.settings), slopes[3] = {0}, worst = 0;
    double *to = grade_guarded("slopes", slopes, sizeof slopes);
    kto_slopes(&a, FAR.z, FAR.settings, to);
    for (int i = 0; i < 3; i++) worst = isnan(to[i]) ? NAN : fmax(worst, fabs(to[i]));
    grade_mistake(g, isnan(loss) || isnan(worst), "overflow",
                  "e^3000 is infinite and infinity / infinity is NaN: use e^-|x|");
    grade_expect(g, 1, fabs(loss - 5.0 / 3) < TOLERANCE,
                 "the loss with beta (h - z) of 3000: %.9g, should be %.9g", loss,
                 5.0 / 3);
    grade_expect(g, 2, worst == 0 && fabs(loss - 5.0 / 3) < TOLERANCE,
                 "the slopes there: the largest is %g, should be 0", worst);
}

// ---- balance

typedef struct {
    int liked, others;
    double ratio;
} Balance;

typedef enum {
    BALANCE_RIGHT,
    BALANCE_EXCHANGED,
    BALANCE_INVERSE_RATIO,
    BALANCE_LIKED_ONE,  // lambda_liked is 1 always
    BALANCE_OTHER_ONE
} BalanceRule;

static void balance_by(int rule, const void *of, double *to) {
    const Balance *b = of;
    double ratio = rule == BALANCE_INVERSE_RATIO ? 1 / b->ratio : b->ratio,
           quotient = ratio * b->others / b->liked;
    if (rule == BALANCE_EXCHANGED) quotient = 1 / quotient;
    bool other_one = rule == BALANCE_LIKED_ONE   ? false
                     : rule == BALANCE_OTHER_ONE ? true
                                                 : quotient >= 1;
    to[0] = other_one ? quotient : 1, to[1] = other_one ? 1 : 1 / quotient;
    to[2] = 0.1;
}

static const Slip BALANCE_SLIPS[] = {
    {BALANCE_EXCHANGED, "exchanged",
     "the two lambdas are exchanged: the rarer kind gets the larger one"},
    {BALANCE_INVERSE_RATIO, "inverse-ratio", "the ratio stands on the others' side"},
    {BALANCE_LIKED_ONE, "liked-one",
     "the smaller of the two is 1, not always lambda_liked"},
    {BALANCE_OTHER_ONE, "other-one",
     "the smaller of the two is 1, not always lambda_other"},
};

static void check_balance(Grade *g, int points, const char *what, Balance b) {
    KtoSettings s = kto_balanced(b.liked, b.others, b.ratio, 0.1);
    double got[] = {s.lambda_liked, s.lambda_other, s.beta};
    grade_numbers(g, points, what, got, 3, TOLERANCE, balance_by, &b, BALANCE_SLIPS,
                  COUNT_OF(BALANCE_SLIPS));
}

static void check_more_others(Grade *g) {
    check_balance(g, 2, "lambdas for 20 liked, 60 others, ratio 4/3",
                  (Balance){20, 60, 4.0 / 3});
}
static void check_more_liked(Grade *g) {
    check_balance(g, 2, "lambdas for 90 liked, 30 others, ratio 4/3",
                  (Balance){90, 30, 4.0 / 3});
}
static void check_equal(Grade *g) {
    check_balance(g, 1, "lambdas for 40 of each kind, ratio 1", (Balance){40, 40, 1});
}

void check_kto(Grade *g) {
    grade_part(g, check_reference(g));
    grade_part(g, check_reference_negative(g));
    grade_part(g, check_reference_none(g));
    grade_part(g, check_loss_liked(g));
    grade_part(g, check_loss_both(g));
    grade_part(g, check_slopes_liked(g));
    grade_part(g, check_slopes_both(g));
    grade_part(g, check_far(g));
    grade_part(g, check_more_others(g));
    grade_part(g, check_more_liked(g));
    grade_part(g, check_equal(g));
}
