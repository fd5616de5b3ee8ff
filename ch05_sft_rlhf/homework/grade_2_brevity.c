// Problem 2: a reward for brevity.
#include <math.h>
#include <stdlib.h>

#include "ch05_sft_rlhf/homework/grade.h"

static const double TOLERANCE = 1e-9;

// ---- what an answer is worth

typedef struct {
    double reward;
    int length;
    bool finished;
} Case;

enum { CASES = 3 };
static const double ALPHA = 0.35, CUT_OFF = -2;
static const int BUDGET = 4;

typedef enum {
    WORTH_RIGHT,
    WORTH_NO_BUDGET,   // every token costs
    WORTH_BONUS,       // short answers earn
    WORTH_CUT_PAYS,    // a cut off answer costs its tokens
    WORTH_CUT_EARNS,   // and has its reward
    WORTH_UNTOUCHED,   // cut off is not looked at
    WORTH_PLUS,        // tokens earn
    WORTH_ALL,         // beyond the budget all tokens cost
    WORTH_ONCE,        // there it costs alpha once
    WORTH_EARLY,       // the budget's last token costs
    WORTH_LATE,        // the first one beyond it is free
    WORTH_SHARE,       // of the budget
    WORTH_TIMES,       // the reward is multiplied
    WORTH_INVERTED,    // finished for cut off
    WORTH_CUT_LENGTH,  // a cut off answer costs all its tokens
    WORTH_CUT_ADDED,   // cut_off on top of what it would be worth
    WORTH_CUT_BEYOND,  // cut off counts beyond the budget only
    WORTH_CUT_WITHIN,  // within it only
    WORTH_DISTANCE,    // alpha |length - budget|
} WorthRule;

static double cost_by(WorthRule rule, const Case *c) {
    int over = c->length - (rule == WORTH_NO_BUDGET ? 0 : BUDGET)
               + (rule == WORTH_EARLY) - (rule == WORTH_LATE);
    if (rule == WORTH_BONUS) return ALPHA * over;
    if (rule == WORTH_DISTANCE) return ALPHA * abs(over);
    if (over <= 0) return 0;
    if (rule == WORTH_ONCE) return ALPHA;
    if (rule == WORTH_PLUS) return -ALPHA * over;
    if (rule == WORTH_SHARE) return ALPHA * over / BUDGET;
    return ALPHA * (rule == WORTH_ALL ? c->length : over);
}

static void worth_by(int rule, const void *of, double *to) {
    const Case *c = of;
    for (int i = 0; i < CASES; i++) {
        double cost = cost_by((WorthRule)rule, &c[i]);
        bool finished = c[i].finished != (rule == WORTH_INVERTED);
        to[i] = rule == WORTH_TIMES ? c[i].reward * (1 - cost) : c[i].reward - cost;
        bool within = c[i].length <= BUDGET;
        if (finished || rule == WORTH_UNTOUCHED) continue;
        if (rule == (within ? WORTH_CUT_BEYOND : WORTH_CUT_WITHIN)) continue;
        to[i] = CUT_OFF + (rule == WORTH_CUT_ADDED ? to[i] : 0);
        if (rule == WORTH_CUT_PAYS) to[i] -= cost;
        if (rule == WORTH_CUT_LENGTH) to[i] -= ALPHA * c[i].length;
        if (rule == WORTH_CUT_EARNS) to[i] += c[i].reward;
    }
}

static const Slip WORTH_SLIPS[] = {
    {WORTH_NO_BUDGET, "no-budget", "only tokens beyond the budget cost"},
    {WORTH_BONUS, "bonus",
     "below the budget nothing is earned: the cost is never below 0"},
    {WORTH_DISTANCE, "distance",
     "answers below the budget pay here as well: they cost nothing"},
    {WORTH_CUT_PAYS, "cut-pays",
     "an answer that was cut off is worth cut_off, at any length"},
    {WORTH_CUT_EARNS, "cut-earns",
     "an answer that was cut off has no reward of a finished one"},
    {WORTH_UNTOUCHED, "cut-ignored", "`finished` is not looked at"},
    {WORTH_PLUS, "alpha-added", "tokens beyond the budget earn here: alpha is a cost"},
    {WORTH_ALL, "all-tokens",
     "beyond the budget all tokens cost: those beyond it only, length - budget"},
    {WORTH_ONCE, "alpha-once", "alpha is what each token beyond the budget costs"},
    {WORTH_EARLY, "budget-early",
     "the budget's last token costs too: length - budget tokens are beyond it"},
    {WORTH_LATE, "budget-late",
     "the first token beyond the budget is free: length - budget of them are beyond "
     "it"},
    {WORTH_SHARE, "share-of-budget",
     "alpha is for a token, not for a share of the budget"},
    {WORTH_TIMES, "multiplied",
     "the cost is subtracted, the reward not multiplied by it"},
    {WORTH_INVERTED, "finished-inverted",
     "finished answers and those that were cut off are exchanged"},
    {WORTH_CUT_LENGTH, "cut-pays",
     "an answer that was cut off is worth cut_off, at any length"},
    {WORTH_CUT_BEYOND, "cut-within-budget",
     "an answer that was cut off is worth cut_off at any length, within the budget "
     "too"},
    {WORTH_CUT_WITHIN, "cut-within-budget",
     "an answer that was cut off is worth cut_off at any length, beyond the budget "
     "too"},
    {WORTH_CUT_ADDED, "cut-earns",
     "an answer that was cut off is worth cut_off, and that alone"},
};

static int worth_of(const void *of, double *got) {
    const Case *c = of;
    for (int i = 0; i < CASES; i++)
        got[i] = brevity_reward(c[i].reward, c[i].length, c[i].finished, ALPHA, BUDGET,
                                CUT_OFF);
    return CASES;
}

static void check_cases(Grade *g, int points, const char *what, const Case c[CASES]) {
    static const Case none[CASES] = {{0, 5, true}, {0, 9, true}, {0, 14, true}},
                      within[CASES] = {{1, 4, true}, {2, 3, true}, {-1, 1, true}},
                      finished[CASES] = {{1, 3, true}, {2, 9, true}, {-0.5, 12, true}};
    static const Simpler simpler[] = {
        {"only-reward-0", "right where the reward is 0: what is done with the reward?",
         none},
        {"only-finished",
         "right for finished answers: what is an answer worth that was cut off?",
         finished},
        {"only-within", "right within the budget: what does a token beyond it change?",
         within}};
    double got[CASES];
    grade_numbers(g, points, what, got, worth_of(c, got), TOLERANCE, worth_by, c,
                  WORTH_SLIPS, COUNT_OF(WORTH_SLIPS));
    bool cut = !c->finished;
    grade_simpler(g, TOLERANCE, worth_of, worth_by, cut ? simpler + 1 : simpler,
                  cut ? 1 : COUNT_OF(simpler));
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
                    LARGE[ANSWERS] = {9000, 9001, 9001.5, 9002, 9002.5},
                    LOW[ANSWERS] = {-9000, -8999, -8998.5, -8998, -8997.5};
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
    LENGTH_ALONE,         // tilted by the cost alone: no reward
    LENGTH_TIMES_BETA,    // e^(beta (r - alpha length))
    LENGTH_NO_BETA,       // e^(r - alpha length)
    LENGTH_REWARD_PLAIN,  // e^(r - alpha length / beta)
    LENGTH_REF_TILTED,    // the reference to the power 1 / beta too
    LENGTH_NOT_DIVIDED,   // by the sum
    LENGTH_PER_ANSWER,    // divided by how many there are
    LENGTH_OF_REWARD,     // the expected reward
    LENGTH_OF_WORTH,      // the expected worth
    LENGTH_LIKELIEST,     // of the most probable answer
    LENGTH_LOG_REF,       // ln ref as the weight
} LengthRule;

static double chance_of(int i) { return (i + 1) / 15.0; }

// ln of what answer i weighs.
static double exponent_by(LengthRule rule, const Problem2 *p, int i) {
    double cost = rule == LENGTH_NO_ALPHA ? 0 : p->alpha * LENGTH[i],
           reward = rule == LENGTH_ALONE ? 0 : p->reward[i],
           log_ref = log(chance_of(i));
    if (rule == LENGTH_SIGN) cost = -cost;
    double tilt = (reward - cost) / p->beta;
    if (rule == LENGTH_ALPHA_PLAIN) tilt = reward / p->beta - cost;
    if (rule == LENGTH_REWARD_PLAIN) tilt = reward - cost / p->beta;
    if (rule == LENGTH_TIMES_BETA) tilt = p->beta * (reward - cost);
    if (rule == LENGTH_NO_BETA) tilt = reward - cost;
    if (rule == LENGTH_OF_REFERENCE) tilt = 0;
    if (rule == LENGTH_REF_TILTED) log_ref /= p->beta;
    if (rule == LENGTH_NO_REFERENCE) log_ref = 0;
    return rule == LENGTH_LOG_REF ? tilt + log(-log_ref) : tilt + log_ref;
}

// What is taken the mean of.
static double value_by(LengthRule rule, const Problem2 *p, int i) {
    if (rule == LENGTH_OF_REWARD) return p->reward[i];
    if (rule == LENGTH_OF_WORTH) return p->reward[i] - p->alpha * LENGTH[i];
    return LENGTH[i];
}

static void moments_by(LengthRule rule, const Problem2 *p, double *mean,
                       double *square) {
    double most = -INFINITY, z = 0, x[ANSWERS];
    int best = 0;
    for (int i = 0; i < ANSWERS; i++) {
        x[i] = exponent_by(rule, p, i);
        if (x[i] > x[best]) best = i;
        most = fmax(most, x[i]);
    }
    *mean = *square = 0;
    for (int i = 0; i < ANSWERS; i++) z += exp(x[i] - most);
    if (rule == LENGTH_NOT_DIVIDED) z = exp(-most);
    for (int i = 0; i < ANSWERS; i++) {
        double q = exp(x[i] - most) / z, value = value_by(rule, p, i);
        *mean += q * value, *square += q * value * value;
    }
    if (rule == LENGTH_PER_ANSWER) *mean /= ANSWERS;
    if (rule == LENGTH_LIKELIEST) *mean = LENGTH[best];
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
    {LENGTH_ALONE, "no-reward",
     "tilted by the cost alone: the best policy is for r - alpha length"},
    {LENGTH_TIMES_BETA, "times-beta",
     "r - alpha length is divided by beta, not multiplied"},
    {LENGTH_NO_BETA, "no-beta", "r - alpha length is not divided by beta"},
    {LENGTH_REWARD_PLAIN, "reward-not-divided", "r is divided by beta too"},
    {LENGTH_REF_TILTED, "reference-tilted",
     "the reference's probability itself, not its power 1 / beta"},
    {LENGTH_NOT_DIVIDED, "not-normalised",
     "the weights ref e^(r / beta) do not sum to 1: divide by their sum"},
    {LENGTH_PER_ANSWER, "divided-by-n",
     "a mean under the policy has its probabilities as weights: not divided by n as "
     "well"},
    {LENGTH_OF_REWARD, "of-reward",
     "this is the expected reward: the length is asked for"},
    {LENGTH_OF_WORTH, "of-worth",
     "this is the expected r - alpha length: the length is asked for"},
    {LENGTH_LIKELIEST, "likeliest",
     "this is the length of the most probable answer alone"},
    {LENGTH_LOG_REF, "log-as-weight",
     "log_ref is a logarithm: the reference's probability is e^log_ref"},
};

static const double ALIKE[ANSWERS] = {1, 1, 1, 1, 1};
static const Problem2 USUAL = {REWARD, 0.5, 0.2}, BETA_1 = {REWARD, 1, 0.2},
                      ALPHA_1 = {REWARD, 0.5, 1}, FREE = {REWARD, 0.5, 0},
                      SAME_REWARD = {ALIKE, 0.5, 0.2}, AT_REFERENCE = {ALIKE, 0.5, 0};

#define POLICY_CASES \
    {"only-beta-1", "right where beta is 1: what is divided by beta?", &BETA_1}, \
        {"only-alpha-1", "right where alpha is 1: where does alpha stand?", &ALPHA_1}, \
        {"only-alpha-0", "right where alpha is 0: what does alpha length change?", \
         &FREE}, \
        {"only-rewards-alike", \
         "right where all rewards are the same: what do different ones change?", \
         &SAME_REWARD}, \
    { \
        "only-at-reference", \
            "right where the best policy is the reference: which of the two is meant " \
            "in " \
            "each place?", \
            &AT_REFERENCE \
    }

static int length_of(const void *of, double *got) {
    const Problem2 *p = of;
    Answers a = answers(p->reward);
    *got = expected_length(&a, p->beta, p->alpha);
    return 1;
}

static void check_length(Grade *g) {
    static const Simpler simpler[] = {POLICY_CASES};
    double got;
    length_of(&USUAL, &got);
    grade_numbers(g, 5, "the expected length of 5 answers", &got, 1, TOLERANCE,
                  length_by, &USUAL, LENGTH_SLIPS, COUNT_OF(LENGTH_SLIPS));
    grade_simpler(g, TOLERANCE, length_of, length_by, simpler, COUNT_OF(simpler));
}

// Rewards near 9000 and, as far apart, near -9000.
static void lengths_by(int rule, const void *of, double *to) {
    const Problem2 *p = of;
    for (int i = 0; i < 2; i++) length_by(rule, &p[i], &to[i]);
}

static void check_length_large(Grade *g) {
    const Problem2 p[] = {{LARGE, 1, 0.25}, {LOW, 1, 0.25}};
    double got[2], want[2];
    for (int i = 0; i < 2; i++) {
        Answers a = answers(p[i].reward);
        got[i] = expected_length(&a, p[i].beta, p[i].alpha);
    }
    lengths_by(LENGTH_RIGHT, p, want);
    grade_mistake(
        g, fabs(got[0] - want[0]) < 1e-6 && !isfinite(got[1]), "maximum-from-zero",
        "where all rewards are near -9000 every exponential is 0: the largest "
        "exponent was looked for from 0 on. Begin with -INFINITY, or with the "
        "first");
    grade_mistake(g, !isfinite(got[0]) || got[0] == 0, "overflow",
                  "e^9000 is infinite in C: subtract the largest exponent first");
    grade_numbers(g, 1, "the expected length with rewards near 9000 and -9000", got, 2,
                  1e-6, lengths_by, p, LENGTH_SLIPS, COUNT_OF(LENGTH_SLIPS));
    double near_0;
    length_of(&USUAL, &near_0), length_by(LENGTH_RIGHT, &USUAL, want);
    grade_contrast(g, fabs(near_0 - want[0]) < TOLERANCE, "only-small-rewards",
                   "right with rewards of 1 or so: which number becomes too large, too "
                   "small, or loses its digits on the way?");
}

// ---- its slope

typedef enum {
    SLOPE_RIGHT,
    SLOPE_SIGN,
    SLOPE_NO_BETA,
    SLOPE_SQUARE,
    SLOPE_DEVIATION,
    SLOPE_TIMES_BETA,
    SLOPE_BETA_SQUARED,
    SLOPE_MEAN,        // for the variance
    SLOPE_RELATIVE,    // divided by the mean
    SLOPE_COVARIANCE,  // of length and reward
    SLOPE_REFERENCE,   // under the reference
    SLOPE_UNWEIGHTED,  // squared distances, all alike
    SLOPE_NO_ALPHA,    // at alpha = 0
    SLOPE_OF_REWARD,   // covariance of length and reward
    SLOPE_MEAN_LESS,   // E[L^2] - E[L]
} SlopeRule;

// E[(L - E[L]) (r - alpha L)], or of r alone.
static double covariance_by(const Problem2 *p, double alpha) {
    double mean, square, worth, both = 0, z = 0;
    moments_by(LENGTH_RIGHT, p, &mean, &square);
    moments_by(LENGTH_OF_WORTH, p, &worth, &square);
    for (int i = 0; i < ANSWERS; i++) {
        double q = exp(exponent_by(LENGTH_RIGHT, p, i));
        z += q, both += q * (LENGTH[i] - mean) * (p->reward[i] - alpha * LENGTH[i]);
    }
    return both / z;
}

static void slope_by(int rule, const void *of, double *to) {
    const Problem2 *p = of;
    double mean, square;
    LengthRule under = rule == SLOPE_REFERENCE  ? LENGTH_OF_REFERENCE
                       : rule == SLOPE_NO_ALPHA ? LENGTH_NO_ALPHA
                                                : LENGTH_RIGHT;
    moments_by(under, p, &mean, &square);
    double spread = square - mean * mean, beta = p->beta;
    if (rule == SLOPE_SQUARE) spread = square;
    if (rule == SLOPE_MEAN_LESS) spread = square - mean;
    if (rule == SLOPE_UNWEIGHTED) {
        spread = 0;
        for (int i = 0; i < ANSWERS; i++) spread += pow(LENGTH[i] - mean, 2) / ANSWERS;
    }
    if (rule == SLOPE_DEVIATION) spread = sqrt(spread);
    if (rule == SLOPE_MEAN) spread = mean;
    if (rule == SLOPE_RELATIVE) spread /= mean;
    if (rule == SLOPE_COVARIANCE) spread = covariance_by(p, p->alpha);
    if (rule == SLOPE_OF_REWARD) spread = covariance_by(p, 0);
    if (rule == SLOPE_NO_BETA) beta = 1;
    if (rule == SLOPE_TIMES_BETA) beta = 1 / beta;
    if (rule == SLOPE_BETA_SQUARED) beta *= beta;
    *to = (rule == SLOPE_SIGN ? 1 : -1) * spread / beta;
}

static const Slip SLOPE_SLIPS[] = {
    {SLOPE_SIGN, "slope-sign",
     "a dearer token makes answers shorter: the slope is negative"},
    {SLOPE_NO_BETA, "slope-beta", "the exponent is divided by beta: so is the slope"},
    {SLOPE_SQUARE, "second-moment", "this is E[L^2]: the variance is E[L^2] - E[L]^2"},
    {SLOPE_DEVIATION, "slope-deviation",
     "this is the standard deviation, not the variance"},
    {SLOPE_TIMES_BETA, "slope-times-beta",
     "the exponent is divided by beta: so is the slope, not multiplied by it"},
    {SLOPE_BETA_SQUARED, "slope-beta-squared",
     "the exponent is divided by beta once: so is the slope"},
    {SLOPE_UNWEIGHTED, "slope-unweighted",
     "squared distances from the mean have the policy's probabilities too, not "
     "1 / n"},
    {SLOPE_MEAN, "slope-mean",
     "this is the mean length in the place of the variance of lengths"},
    {SLOPE_RELATIVE, "slope-relative",
     "divided by the mean length: the slope of E[L] is asked for, not of ln E[L]"},
    {SLOPE_COVARIANCE, "slope-covariance",
     "this is how length and worth vary together: alpha multiplies the length, so "
     "it is the length's variance"},
    {SLOPE_OF_REWARD, "slope-covariance",
     "this is how length and reward vary together: alpha multiplies the length, so "
     "it is the length's variance"},
    {SLOPE_MEAN_LESS, "second-moment",
     "E[L^2] - E[L]: the variance is E[L^2] - E[L]^2, with the mean squared"},
    {SLOPE_NO_ALPHA, "slope-at-0",
     "this is the slope at alpha = 0: the variance is that under the best policy "
     "for r - alpha length"},
    {SLOPE_REFERENCE, "slope-reference",
     "the variance is that under the best policy, not under the reference"},
};

static int slope_of(const void *of, double *got) {
    const Problem2 *p = of;
    Answers a = answers(p->reward);
    *got = length_slope(&a, p->beta, p->alpha);
    return 1;
}

static void check_slope(Grade *g) {
    static const Simpler simpler[] = {POLICY_CASES};
    double got, want;
    slope_of(&USUAL, &got), slope_by(SLOPE_RIGHT, &USUAL, &want);
    grade_mistake(
        g, fabs(got - want) > 1e-6 * fabs(want) && fabs(got - want) < 0.01 * fabs(want),
        "slope-difference",
        "near, but not exact: a quotient of differences? A closed form is asked "
        "for");
    grade_numbers(g, 6, "the slope of the expected length", &got, 1, 1e-6, slope_by,
                  &USUAL, SLOPE_SLIPS, COUNT_OF(SLOPE_SLIPS));
    grade_simpler(g, 1e-6, slope_of, slope_by, simpler, COUNT_OF(simpler));
}

// ---- the cost for a length

static double length_at(double beta, double alpha) {
    double mean, square;
    moments_by(LENGTH_RIGHT, &(Problem2){REWARD, beta, alpha}, &mean, &square);
    return mean;
}

// The step, if expected_length is wrong without a cost or at this one.
static bool name_own_length(Grade *g, int points, const Answers *a, double beta,
                            double target, double alpha) {
    double at[] = {0, alpha};
    for (int i = 0; i < 2; i++) {
        double mine = expected_length(a, beta, at[i]), right = length_at(beta, at[i]);
        if (fabs(mine - right) < 1e-6 || isnan(at[i])) continue;
        grade_expect(g, points, false, "for a length of %g alpha is %.9g", target,
                     alpha);
        grade_contrast(g, true, "only-by-own-length",
                       "your expected_length says %.9g for alpha %.9g, and it is %.9g: "
                       "mend that first",
                       mine, at[i], right);
        return true;
    }
    return false;
}

// By what it does, not by how it was found.
static void check_alpha_for(Grade *g, int points, double beta, double target) {
    Answers a = answers(REWARD);
    double alpha = alpha_for_length(&a, beta, target), length = length_at(beta, alpha);
    bool good = alpha >= 0 && fabs(length - target) < 1e-7;
    // a search for what is wrong says nothing of how it searches
    if (!good && name_own_length(g, points, &a, beta, target, alpha)) return;
    grade_mistake(g, alpha < 0, "negative",
                  "a cost below 0 would pay for length: the least is 0");
    double start_slope;
    slope_by(SLOPE_NO_ALPHA, &(Problem2){REWARD, beta, 0}, &start_slope);
    double start = length_at(beta, 0), one_step = (target - start) / start_slope;
    grade_mistake(g, !isfinite(alpha), "newton-away",
                  "the search left all bounds, alpha is no number: where nearly all "
                  "answers are short the slope is 0, and a step along it too long. "
                  "Halve a bracket");
    grade_mistake(g, fabs(alpha - one_step) < 1e-9 * fabs(one_step), "one-step",
                  "one step along the slope at alpha = 0: the length is no straight "
                  "line, so it has to be searched for");
    // another length that is not reached with the same alpha: that is a bound
    bool stuck = length > target + 1e-7
                 && alpha_for_length(&a, beta, 1 + (target - 1) / 2) == alpha;
    grade_mistake(g, stuck && fabs(length - start) > 1e-9, "bracket",
                  "the search ended at its upper bound, %g: that must be found first",
                  alpha);
    grade_mistake(
        g, fabs(length - start) < 1e-9 && start > target, "search-backwards",
        "the search ended at alpha = 0, where answers are longer than wanted: "
        "the length falls with alpha, so where it is too long go up");
    grade_mistake(
        g,
        fabs(length - target) >= 1e-7 && fabs(length - target) < 0.02
            && fabs(expected_length(&a, beta, alpha) - length) < 1e-9,
        "search-coarse",
        "near, but not to 9 digits: 40 halvings and more, or a condition that is "
        "narrower");
    grade_expect(g, points, good,
                 "for a length of %g alpha is %.9g, with which the length is %.9g",
                 target, alpha, length);
    grade_contrast(g, length < target - 1e-7, "only-too-short",
                   "with this alpha answers are shorter than they need be: the least "
                   "alpha is asked for, where the length is just the target");
}

static void check_alpha(Grade *g) {
    // the reference's answers are short enough, those of the best policy are not
    Answers a = answers(REWARD);
    double between = (length_at(0.5, 0) + 74 / 15.0) / 2,
           got = alpha_for_length(&a, 0.5, between);
    grade_mistake(g, got == 0 && alpha_for_length(&a, 0.5, 3) > 0, "of-reference",
                  "0 where the best policy's answers are too long: was the reference's "
                  "length asked for? The cost is for the best policy");
    check_alpha_for(g, 4, 0.5, 3);
}
// Between lengths 1 and 2 it is beta ln(2 / 0.02) or so, some 4.6 million: nobody would
// choose that as a bound without looking.
static void check_alpha_far(Grade *g) { check_alpha_for(g, 1, 1e6, 1.02); }

static void check_alpha_none(Grade *g) {
    Answers a = answers(REWARD);
    double alpha = alpha_for_length(&a, 0.5, 7.9);
    grade_mistake(g, alpha < 0, "negative",
                  "a cost below 0 would pay for length: the least is 0");
    grade_mistake(
        g, alpha > 0 && expected_length(&a, 0.5, 0) <= 7.9, "not-zero",
        "answers are short enough without a cost: ask that first, and return 0");
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
