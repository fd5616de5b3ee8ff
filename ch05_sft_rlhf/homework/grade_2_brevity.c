// Problem 2: a reward for brevity.
#include <math.h>

#include "ch05_sft_rlhf/homework/grade.h"

static const double TOLERANCE = 1e-9;

// ---- what an answer is worth

typedef struct {
    double reward;
    int length;
    bool finished;
} Case;

enum { CASES = 3 };
static const double ALPHA = 0.25, CUT_OFF = -2;
static const int BUDGET = 4;

typedef enum {
    WORTH_RIGHT,
    WORTH_NO_BUDGET,  // every token costs
    WORTH_BONUS,      // short answers earn
    WORTH_CUT_PAYS,   // a cut off answer costs its tokens
    WORTH_CUT_EARNS,  // and has its reward
    WORTH_UNTOUCHED,  // cut off is not looked at
} WorthRule;

static void worth_by(int rule, const void *of, double *to) {
    const Case *c = of;
    for (int i = 0; i < CASES; i++) {
        int over = c[i].length - (rule == WORTH_NO_BUDGET ? 0 : BUDGET);
        double cost = ALPHA * (rule == WORTH_BONUS ? over : fmax(0, over));
        to[i] = c[i].reward - cost;
        if (c[i].finished || rule == WORTH_UNTOUCHED) continue;
        to[i] = CUT_OFF;
        if (rule == WORTH_CUT_PAYS) to[i] -= cost;
        if (rule == WORTH_CUT_EARNS) to[i] += c[i].reward;
    }
}

static const Slip WORTH_SLIPS[] = {
    {WORTH_NO_BUDGET, "no-budget", "only tokens beyond the budget cost"},
    {WORTH_BONUS, "bonus",
     "below the budget nothing is earned: the cost is never below 0"},
    {WORTH_CUT_PAYS, "cut-pays",
     "an answer that was cut off is worth cut_off, at any length"},
    {WORTH_CUT_EARNS, "cut-earns",
     "an answer that was cut off has no reward of a finished one"},
    {WORTH_UNTOUCHED, "cut-ignored", "`finished` is not looked at"},
};

static void check_cases(Grade *g, int points, const char *what, const Case c[CASES]) {
    double got[CASES];
    for (int i = 0; i < CASES; i++)
        got[i] = brevity_reward(c[i].reward, c[i].length, c[i].finished, ALPHA, BUDGET,
                                CUT_OFF);
    grade_numbers(g, points, what, got, CASES, TOLERANCE, worth_by, c, WORTH_SLIPS,
                  COUNT_OF(WORTH_SLIPS));
}

static void check_worth(Grade *g) {
    check_cases(g, 3, "worth of answers of 5, 9 and 14 tokens",
                (Case[]){{1, 5, true}, {2, 9, true}, {-1, 14, true}});
}
static void check_short(Grade *g) {
    check_cases(g, 1, "worth of answers of 4, 3 and 1 tokens",
                (Case[]){{1, 4, true}, {2, 3, true}, {-1, 1, true}});
}
static void check_cut_off(Grade *g) {
    check_cases(g, 2, "worth of answers of 3, 9 and 12 tokens that were cut off",
                (Case[]){{1, 3, false}, {2, 9, false}, {-0.5, 12, false}});
}

// ---- the best policy

enum { ANSWERS = 5 };
static const double REWARD[ANSWERS] = {0.5, 1.5, 1, 2.5, 3},
                    LARGE[ANSWERS] = {9000, 9001, 9001.5, 9002, 9002.5};
static const int LENGTH[ANSWERS] = {1, 2, 3, 5, 8};

typedef struct {
    const double *reward;
    double beta, alpha;
} Problem2;

typedef enum {
    LENGTH_RIGHT,
    LENGTH_OF_REFERENCE,
    LENGTH_NO_ALPHA,      // the best policy for r
    LENGTH_ALPHA_PLAIN,   // e^(r / beta - alpha length)
    LENGTH_SIGN,          // + alpha length
    LENGTH_NO_REFERENCE,  // without the reference's probabilities
} LengthRule;

static double chance_of(int i) { return (i + 1) / 15.0; }

static void moments_by(LengthRule rule, const Problem2 *p, double *mean,
                       double *square) {
    double most = -INFINITY, z = 0, x[ANSWERS];
    for (int i = 0; i < ANSWERS; i++) {
        double cost = rule == LENGTH_NO_ALPHA ? 0 : p->alpha * LENGTH[i];
        if (rule == LENGTH_SIGN) cost = -cost;
        x[i] = (p->reward[i] - (rule == LENGTH_ALPHA_PLAIN ? 0 : cost)) / p->beta;
        if (rule == LENGTH_ALPHA_PLAIN) x[i] -= cost;
        if (rule == LENGTH_OF_REFERENCE) x[i] = 0;
        if (rule != LENGTH_NO_REFERENCE) x[i] += log(chance_of(i));
        most = fmax(most, x[i]);
    }
    *mean = *square = 0;
    for (int i = 0; i < ANSWERS; i++) z += exp(x[i] - most);
    for (int i = 0; i < ANSWERS; i++) {
        double q = exp(x[i] - most) / z;
        *mean += q * LENGTH[i], *square += q * LENGTH[i] * LENGTH[i];
    }
}

static void length_by(int rule, const void *of, double *to) {
    double square;
    moments_by((LengthRule)rule, of, to, &square);
}

static Answers answers(const double *reward) {
    double log_ref[ANSWERS];
    for (int i = 0; i < ANSWERS; i++) log_ref[i] = log(chance_of(i));
    return (Answers){ANSWERS, grade_guarded("log_ref", log_ref, sizeof log_ref),
                     grade_guarded("reward", reward, sizeof REWARD),
                     grade_guarded("length", LENGTH, sizeof LENGTH)};
}

static const Slip LENGTH_SLIPS[] = {
    {LENGTH_OF_REFERENCE, "of-reference", "this is the reference's mean length"},
    {LENGTH_NO_ALPHA, "no-alpha",
     "the policy is the best for r: for r - alpha length here"},
    {LENGTH_ALPHA_PLAIN, "alpha-not-divided",
     "alpha length is a reward like r: it is divided by beta too"},
    {LENGTH_SIGN, "sign", "alpha length is a cost: it is subtracted"},
    {LENGTH_NO_REFERENCE, "no-reference",
     "the best policy is the reference's probability times e^(r / beta), not that "
     "alone"},
};

static void check_length(Grade *g) {
    Problem2 p = {REWARD, 0.5, 0.25};
    Answers a = answers(REWARD);
    double got = expected_length(&a, p.beta, p.alpha);
    grade_numbers(g, 5, "the expected length of 5 answers", &got, 1, TOLERANCE,
                  length_by, &p, LENGTH_SLIPS, COUNT_OF(LENGTH_SLIPS));
}

static void check_length_large(Grade *g) {
    Problem2 p = {LARGE, 1, 0.25};
    Answers a = answers(LARGE);
    double got = expected_length(&a, p.beta, p.alpha);
    grade_mistake(g, !isfinite(got), "overflow",
                  "e^9000 is infinite in C: subtract the largest exponent first");
    grade_numbers(g, 1, "the expected length with rewards near 9000", &got, 1, 1e-6,
                  length_by, &p, LENGTH_SLIPS, COUNT_OF(LENGTH_SLIPS));
}

// ---- its slope

typedef enum {
    SLOPE_RIGHT,
    SLOPE_SIGN,
    SLOPE_NO_BETA,
    SLOPE_SQUARE,
    SLOPE_DEVIATION
} SlopeRule;

static void slope_by(int rule, const void *of, double *to) {
    const Problem2 *p = of;
    double mean, square;
    moments_by(LENGTH_RIGHT, p, &mean, &square);
    double variance = square - mean * mean;
    if (rule == SLOPE_SQUARE) variance = square;
    if (rule == SLOPE_DEVIATION) variance = sqrt(variance);
    *to = (rule == SLOPE_SIGN ? 1 : -1) * variance
          / (rule == SLOPE_NO_BETA ? 1 : p->beta);
}

static void check_slope(Grade *g) {
    static const Slip slips[] = {
        {SLOPE_SIGN, "slope-sign",
         "a dearer token makes answers shorter: the slope is negative"},
        {SLOPE_NO_BETA, "slope-beta",
         "the exponent is divided by beta: so is the slope"},
        {SLOPE_SQUARE, "second-moment",
         "this is E[L^2]: the variance is E[L^2] - E[L]^2"},
        {SLOPE_DEVIATION, "slope-deviation",
         "this is the standard deviation, not the variance"},
    };
    Problem2 p = {REWARD, 0.5, 0.25};
    Answers a = answers(REWARD);
    double got = length_slope(&a, p.beta, p.alpha);
    grade_numbers(g, 6, "the slope of the expected length", &got, 1, 1e-6, slope_by, &p,
                  slips, COUNT_OF(slips));
}

// ---- the cost for a length

static double length_at(double beta, double alpha) {
    double mean, square;
    moments_by(LENGTH_RIGHT, &(Problem2){REWARD, beta, alpha}, &mean, &square);
    return mean;
}

// By what it does, not by how it was found.
static void check_alpha_for(Grade *g, int points, double beta, double target) {
    Answers a = answers(REWARD);
    double alpha = alpha_for_length(&a, beta, target), length = length_at(beta, alpha);
    grade_mistake(g, alpha < 0, "negative",
                  "a cost below 0 would pay for length: the least is 0");
    grade_mistake(g, alpha == 1 && length > target, "bracket",
                  "the search ended at its upper bound: that must be found first");
    grade_expect(g, points, alpha >= 0 && fabs(length - target) < 1e-7,
                 "for a length of %g alpha is %.9g, with which the length is %.9g",
                 target, alpha, length);
}

static void check_alpha(Grade *g) { check_alpha_for(g, 4, 0.5, 3); }
static void check_alpha_far(Grade *g) { check_alpha_for(g, 1, 2, 1.05); }

static void check_alpha_none(Grade *g) {
    Answers a = answers(REWARD);
    double alpha = alpha_for_length(&a, 0.5, 7.9);
    grade_mistake(g, alpha < 0, "negative",
                  "a cost below 0 would pay for length: the least is 0");
    grade_expect(g, 2, alpha == 0,
                 "answers are short enough already for a length of 7.9: alpha is %.9g, "
                 "should be 0",
                 alpha);
}

void check_brevity(Grade *g) {
    grade_part(g, check_worth(g));
    grade_part(g, check_short(g));
    grade_part(g, check_cut_off(g));
    grade_part(g, check_length(g));
    grade_part(g, check_length_large(g));
    grade_part(g, check_slope(g));
    grade_part(g, check_alpha(g));
    grade_part(g, check_alpha_far(g));
    grade_part(g, check_alpha_none(g));
}
