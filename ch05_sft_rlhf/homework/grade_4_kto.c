// Problem 4: preferences without pairs.
#include <math.h>
#include <string.h>

#include "ch05_sft_rlhf/homework/grade.h"

static const double TOLERANCE = 1e-10;

// ---- the point of reference

// The point of reference by a slip; 0 is the right one.
typedef enum {
    REFERENCE_RIGHT,
    REFERENCE_CLAMPED_EACH,
    REFERENCE_SUM,
    REFERENCE_NEGATIVE,  // not clamped
    REFERENCE_SIZE,      // the absolute value of the mean
    REFERENCE_SIZES,     // the mean of absolute values
    REFERENCE_ABOVE,     // the lesser of 0 and the mean
    REFERENCE_ONE_LESS,  // divided by m - 1
    REFERENCE_SIGN,      // of -h
    REFERENCE_SQUARES,
    REFERENCE_LOG_MEAN,  // of e^h
    REFERENCE_LARGEST,
    REFERENCE_LAST,
    REFERENCE_POSITIVE,  // the mean of those above 0 alone
} ReferenceRule;

enum { MOST_MISMATCHED = 4 };
typedef struct {
    double h[MOST_MISMATCHED];
    int m;
} Mismatched;

static void reference_by(int rule, const void *of, double *to) {
    const Mismatched *x = of;
    double sum = 0, largest = -INFINITY, positive = 0;
    for (int i = 0; i < x->m; i++) {
        double h = x->h[i];
        positive += h > 0;
        largest = fmax(largest, h);
        sum += rule == REFERENCE_CLAMPED_EACH || rule == REFERENCE_POSITIVE ? fmax(0, h)
               : rule == REFERENCE_SIZES                                    ? fabs(h)
               : rule == REFERENCE_SIGN                                     ? -h
               : rule == REFERENCE_SQUARES                                  ? h * h
               : rule == REFERENCE_LOG_MEAN                                 ? exp(h)
                                                                            : h;
    }
    double mean = sum
                  / (rule == REFERENCE_SUM        ? 1
                     : rule == REFERENCE_ONE_LESS ? x->m - 1
                                                  : x->m);
    if (rule == REFERENCE_LOG_MEAN) mean = log(mean);
    if (rule == REFERENCE_POSITIVE) mean = sum / fmax(1, positive);
    if (rule == REFERENCE_LARGEST) mean = largest;
    if (rule == REFERENCE_LAST) mean = x->h[x->m - 1];
    *to = rule == REFERENCE_NEGATIVE ? mean
          : rule == REFERENCE_SIZE   ? fabs(mean)
          : rule == REFERENCE_ABOVE  ? fmin(0, mean)
                                     : fmax(0, mean);
}

static int reference_of(const void *of, double *got) {
    const Mismatched *x = of;
    *got = kto_reference(grade_guarded("mismatched", x->h, (size_t)x->m * sizeof *x->h),
                         x->m);
    return 1;
}

static void check_reference_of(Grade *g, int points, const char *what, Mismatched x) {
    static const Slip slips[] = {
        {REFERENCE_CLAMPED_EACH, "clamped-each",
         "each h was kept at 0 at least: only their mean is"},
        {REFERENCE_POSITIVE, "positive-alone",
         "a mean of those h alone that are above 0: of all, then 0 at least"},
        {REFERENCE_SUM, "sum", "this is a sum: the mean is asked for"},
        {REFERENCE_NEGATIVE, "below-zero",
         "a divergence is never negative: 0 is the least"},
        {REFERENCE_SIZE, "absolute",
         "a mean below 0 counts as 0, not as its absolute value"},
        {REFERENCE_SIZES, "absolute-each",
         "a mean of absolute values: of the h as they are, then 0 at least"},
        {REFERENCE_ABOVE, "at-most-zero", "at most 0: at least 0 is asked for"},
        {REFERENCE_ONE_LESS, "one-less",
         "divided by m - 1: the mean of m divides by m"},
        {REFERENCE_SIGN, "reference-sign", "the sign of h is turned"},
        {REFERENCE_SQUARES, "squares", "a mean of squares: of the h themselves"},
        {REFERENCE_LARGEST, "largest", "this is the largest h: their mean"},
        {REFERENCE_LAST, "last", "this is the last h: their mean"},
        {REFERENCE_LOG_MEAN, "mean-of-ratios",
         "the logarithm of the mean of e^h: the mean of h is asked for"},
    };
    double got;
    reference_of(&x, &got);
    grade_numbers(g, points, what, &got, 1, TOLERANCE, reference_by, &x, slips,
                  COUNT_OF(slips));
    static const Mismatched one = {{0.75}, 1}, same = {{0.5, 0.5, 0.5}, 3},
                            positive = {{0.5, 0.25, 1.25, 0.1}, 4};
    static const Simpler simpler[] = {
        {"only-positive",
         "right where all h are above 0: what is done with one below 0?", &positive},
        {"only-same",
         "right where all h are the same: what is a mean of different ones?", &same},
        {"only-one", "right where there is one h alone: how do several come together?",
         &one}};
    grade_simpler(g, TOLERANCE, reference_of, reference_by, simpler, COUNT_OF(simpler));
}

static void check_reference(Grade *g) {
    check_reference_of(g, 2, "the reference of 0.5, -0.25, 1.25, 0.1",
                       (Mismatched){{0.5, -0.25, 1.25, 0.1}, 4});
}
static void check_reference_negative(Grade *g) {
    check_reference_of(g, 1, "the reference of 0.5, -0.25, -1.25, 0.1",
                       (Mismatched){{0.5, -0.25, -1.25, 0.1}, 4});
}

static void check_reference_none(Grade *g) {
    const double h[] = {1};
    double got = kto_reference(grade_guarded("mismatched", h, 0), 0);
    grade_mistake(g, isnan(got), "none",
                  "the mean of no answers is 0 / 0: 0 is asked for");
    grade_near(g, 1, "the reference of no answers", got, 0, TOLERANCE);
}

// ---- loss and slopes

enum { MOST_JUDGED = 5 };
typedef struct {
    int n;
    double h[MOST_JUDGED];
    bool liked[MOST_JUDGED];
    double z;
    KtoSettings settings;
} Cases;

typedef enum {
    KTO_RIGHT,
    KTO_SUM,           // not a mean
    KTO_NO_Z,          // z is ignored
    KTO_PLUS_Z,        // h + z
    KTO_Z_OUTSIDE,     // beta h - z
    KTO_SIGN,          // the others' sign as that of the liked
    KTO_SIGMAS,        // sigma for 1 - sigma, in both
    KTO_LIKED_SIGMA,   // in the liked alone
    KTO_KINDS,         // liked and others exchanged
    KTO_LOG,           // -ln sigma, as DPO
    KTO_LAMBDAS,       // exchanged
    KTO_NO_LAMBDAS,    // 1
    KTO_FIRST_LAMBDA,  // that of the liked, for all
    KTO_OTHER_LAMBDA,  // that of the others, for all
    KTO_NO_BETA,       // of loss: 1 for beta. Of slopes: the factor
    KTO_BETA_NOWHERE,  // of slopes: neither inside nor as a factor
    KTO_BY_BETA,       // divided by beta; of slopes: the factor is 1 / beta
    KTO_MEANS,         // of each kind, added
    KTO_NEGATED,
    KTO_UTILITY,        // of loss: lambda sigma, negated. Of slopes: that is the same
    KTO_SIGMA_ONLY,     // of slopes: sigma for sigma (1 - sigma)
    KTO_OTHER_ONLY,     // of slopes: 1 - sigma for it
    KTO_SQUARE,         // of slopes: sigma^2
    KTO_LIKED_SLOPE,    // of slopes: the liked one's sign
    KTO_OTHER_SLOPE,    // of slopes: the others'
    KTO_LIKED_ALONE,    // the others have none
    KTO_LAMBDA_INSIDE,  // of loss: 1 - lambda sigma
    KTO_OTHERS_MINUS,   // of loss: that of the others is subtracted
    KTO_BETA_OUTSIDE,   // of slopes: as a factor alone
    KTO_BETA_TWICE,     // of slopes: beta^2
    KTO_DOUBLE,         // sigma of twice its argument
    KTO_FOURFOLD,       // of slopes: four times
} KtoRule;

static double logistic_of(double x) { return 1 / (1 + exp(-x)); }

// beta times what h has more than z, the kind's sign in it.
static double lead_by(KtoRule rule, const Cases *c, int i, bool liked) {
    double beta = c->settings.beta, z = c->z;
    if (rule == KTO_NO_Z) z = 0;
    if (rule == KTO_PLUS_Z) z = -z;
    if (rule == KTO_Z_OUTSIDE) z /= beta;
    double sign = liked || rule == KTO_SIGN ? 1 : -1;
    if (rule == KTO_BETA_NOWHERE || rule == KTO_BETA_OUTSIDE) beta = 1;
    if (rule == KTO_BY_BETA) beta = 1 / beta;
    return sign * beta * (c->h[i] - z);
}

static double loss_of_one(KtoRule rule, double x, bool liked) {
    if (rule == KTO_LOG) return log1p(exp(-x));
    bool sigma = rule == KTO_SIGMAS || (rule == KTO_LIKED_SIGMA && liked);
    if (rule == KTO_NEGATED) return logistic_of(x) - 1;
    if (rule == KTO_UTILITY) return -logistic_of(x);
    return sigma ? logistic_of(x) : 1 - logistic_of(x);
}

// d (1 - sigma) / d x, negated.
static double slope_of_one(KtoRule rule, double x) {
    double sigma = logistic_of(x);
    if (rule == KTO_LOG || rule == KTO_OTHER_ONLY) return 1 - sigma;
    if (rule == KTO_SIGMA_ONLY) return sigma;
    return sigma * (rule == KTO_SQUARE ? sigma : 1 - sigma);
}

// Loss and slope of answer i.
static void one_by(KtoRule rule, const Cases *c, int i, double *loss, double *slope) {
    bool liked = c->liked[i] != (rule == KTO_KINDS),
         first = rule == KTO_LAMBDAS ? !liked : liked;
    double lambda = first ? c->settings.lambda_liked : c->settings.lambda_other,
           beta = c->settings.beta, sign = liked || rule == KTO_SIGN ? 1 : -1,
           x = lead_by(rule == KTO_BY_BETA ? KTO_RIGHT : rule, c, i, liked);
    if (rule == KTO_NO_LAMBDAS) lambda = 1;
    if (rule == KTO_FIRST_LAMBDA) lambda = c->settings.lambda_liked;
    if (rule == KTO_OTHER_LAMBDA) lambda = c->settings.lambda_other;
    if (rule == KTO_LIKED_ALONE && !liked) lambda = 0;
    if (rule == KTO_NO_BETA || rule == KTO_BETA_NOWHERE) beta = 1;
    if (rule == KTO_BY_BETA) beta = 1 / beta;
    if (rule == KTO_BETA_TWICE) beta *= beta;
    if (rule == KTO_DOUBLE) x *= 2;
    if (rule == KTO_FOURFOLD) beta *= 4;
    if (rule == KTO_LIKED_SLOPE && liked) sign = -sign;
    if (rule == KTO_OTHER_SLOPE && !liked) sign = -sign;
    if (rule == KTO_NEGATED || rule == KTO_SIGMAS || (rule == KTO_LIKED_SIGMA && liked))
        sign = -sign;
    *slope = -lambda * sign * beta * slope_of_one(rule, x);
    if (rule == KTO_NO_BETA) x = lead_by(KTO_BETA_NOWHERE, c, i, liked);
    if (rule == KTO_BY_BETA) x = lead_by(KTO_BY_BETA, c, i, liked);
    *loss = lambda * loss_of_one(rule, x, liked);
    if (rule == KTO_LAMBDA_INSIDE) *loss = 1 - lambda * logistic_of(x);
    if (rule == KTO_OTHERS_MINUS && !liked) *loss = -*loss;
}

static int count_liked(const Cases *c) {
    int liked = 0;
    for (int i = 0; i < c->n; i++) liked += c->liked[i];
    return liked;
}

static double count_by(int rule, const Cases *c, int i) {
    int liked = count_liked(c);
    if (rule == KTO_SUM) return 1;
    if (rule == KTO_MEANS) return c->liked[i] ? liked : c->n - liked;
    return c->n;
}

static void loss_by(int rule, const void *of, double *to) {
    const Cases *c = of;
    *to = 0;
    for (int i = 0; i < c->n; i++) {
        double loss, slope;
        one_by((KtoRule)rule, c, i, &loss, &slope);
        *to += loss / count_by(rule, c, i);
    }
}

static void slopes_by(int rule, const void *of, double *to) {
    const Cases *c = of;
    for (int i = 0; i < c->n; i++) {
        double loss;
        one_by((KtoRule)rule, c, i, &loss, &to[i]);
        to[i] /= count_by(rule, c, i);
    }
}

#define COMMON_SLIPS \
    {KTO_SUM, "sum", "this is a sum over answers: a mean is asked for"}, \
        {KTO_NO_Z, "no-reference", "h is taken from 0: it is from z"}, \
        {KTO_PLUS_Z, "plus-z", "z is subtracted from h, not added"}, \
        {KTO_Z_OUTSIDE, "z-outside", \
         "beta (h - z): beta multiplies both, not h alone"}, \
        {KTO_SIGN, "sign", \
         "what was not liked has the sign turned: sigma(beta (z - h))"}, \
        {KTO_KINDS, "kinds-inverted", "liked answers and the others are exchanged"}, \
        {KTO_LOG, "log-sigma", "this is -ln sigma, DPO's: here it is 1 - sigma"}, \
        {KTO_LAMBDAS, "lambdas", "the two lambdas are exchanged"}, \
        {KTO_NO_LAMBDAS, "no-lambdas", "the lambdas are not used"}, \
        {KTO_FIRST_LAMBDA, "one-lambda", \
         "lambda_liked for all: answers that were not liked have lambda_other"}, \
        {KTO_OTHER_LAMBDA, "one-lambda", \
         "lambda_other for all: answers that were liked have lambda_liked"}, \
        {KTO_DOUBLE, "argument-twice", \
         "sigma is taken of twice beta (h - z): sigma(x) is (1 + tanh(x / 2)) / 2"}, \
        {KTO_MEANS, "two-means", \
         "a mean of each kind, added: one mean over all answers"}, \
    { \
        KTO_LIKED_ALONE, "liked-alone", "answers that were not liked count too" \
    }

static const Slip LOSS_SLIPS[] = {
    COMMON_SLIPS,
    {KTO_SIGMAS, "sigmas", "sigma stands for 1 - sigma: its sign is turned"},
    {KTO_LIKED_SIGMA, "liked-sigma",
     "where it was liked sigma stands for 1 - sigma: its sign is turned"},
    {KTO_NO_BETA, "no-beta", "beta is forgotten: sigma(beta (h - z))"},
    {KTO_BY_BETA, "divided-by-beta", "divided by beta: sigma(beta (h - z))"},
    {KTO_NEGATED, "negated", "the loss has the other sign: 1 - sigma, not sigma - 1"},
    {KTO_UTILITY, "utility",
     "this is -lambda sigma: the 1 of 1 - sigma is missing, the loss begins at 0"},
    {KTO_LAMBDA_INSIDE, "lambda-inside",
     "1 - lambda sigma: lambda multiplies both, lambda (1 - sigma)"},
    {KTO_OTHERS_MINUS, "others-subtracted",
     "the loss of answers that were not liked is added too, not subtracted: its sign "
     "is in sigma(beta (z - h))"},
};
static const Slip SLOPES_SLIPS[] = {
    COMMON_SLIPS,
    {KTO_NO_BETA, "no-beta", "the inner derivative is beta"},
    {KTO_BETA_NOWHERE, "no-beta", "beta is forgotten, inside sigma and as a factor"},
    {KTO_BETA_OUTSIDE, "beta-outside-alone",
     "beta is a factor, but not inside: sigma(beta (h - z))"},
    {KTO_FOURFOLD, "four-times",
     "four times too large: sigma (1 - sigma) is 1 / (4 cosh^2(x / 2))"},
    {KTO_BETA_TWICE, "beta-twice", "the inner derivative is beta, not its square"},
    {KTO_BY_BETA, "slope-by-beta", "the inner derivative is beta, not 1 / beta"},
    {KTO_NEGATED, "slopes-negated",
     "all slopes have the other sign: the loss of a liked answer falls with h"},
    {KTO_SIGMA_ONLY, "sigma-only",
     "the slope of sigma is sigma (1 - sigma): 1 - sigma is missing"},
    {KTO_OTHER_ONLY, "other-only",
     "the slope of sigma is sigma (1 - sigma): one of the two is missing"},
    {KTO_SQUARE, "sigma-squared",
     "the slope of sigma is sigma (1 - sigma), not sigma^2"},
    {KTO_LIKED_SLOPE, "liked-slope",
     "the slope of a liked answer is negative: its loss falls with h"},
    {KTO_OTHER_SLOPE, "other-slope",
     "the slope of an answer that was not liked is positive: its loss rises with h"},
};

static Judged judged(const Cases *c) {
    return (Judged){c->n, grade_guarded("h", c->h, (size_t)c->n * sizeof(double)),
                    grade_guarded("liked", c->liked, (size_t)c->n * sizeof(bool))};
}

enum { BEFORE = 9 };  // what is in an array that is to be written

static int loss_of(const void *of, double *got) {
    const Cases *c = of;
    Judged a = judged(c);
    *got = kto_loss(&a, c->z, c->settings);
    return 1;
}

static int slopes_of(const void *of, double *got) {
    const Cases *c = of;
    Judged a = judged(c);
    double before[MOST_JUDGED] = {BEFORE, BEFORE, BEFORE, BEFORE, BEFORE};
    double *to = grade_guarded("slopes", before, (size_t)c->n * sizeof *to);
    kto_slopes(&a, c->z, c->settings, to);
    for (int i = 0; i < c->n; i++) got[i] = to[i];
    return c->n;
}

// The same answers with one thing made simple.
static void grade_simpler_judged(Grade *g, const Cases *c,
                                 int (*get)(const void *of, double *got),
                                 void (*by)(int rule, const void *of, double *to)) {
    Cases lambdas = *c, beta = *c, z = *c, liked = *c, first = *c;
    lambdas.settings.lambda_liked = lambdas.settings.lambda_other = 1;
    beta.settings.beta = 1, z.z = 0, first.n = 1;
    for (int i = 0; i < c->n; i++) liked.liked[i] = true;
    const Simpler simpler[] = {
        {"only-lambdas-1",
         "right where both lambdas are 1: which of them stands where?", &lambdas},
        {"only-beta-1",
         "right where beta is 1: where does beta stand, inside and outside of sigma?",
         &beta},
        {"only-z-0", "right where z is 0: with which sign and factor does z come in?",
         &z},
        {"only-liked",
         "right where all were liked: what changes for one that was not: its sign, its "
         "lambda, and is it counted in the mean?",
         &liked},
        {"only-one-answer",
         "right for the first answer alone: what is divided by how many, and what goes "
         "on from one answer to the next?",
         &first}};
    bool both = memcmp(liked.liked, c->liked, sizeof liked.liked) != 0;
    for (int i = 0; i < COUNT_OF(simpler); i++)
        if (both || simpler[i].of != &liked)
            grade_simpler(g, TOLERANCE, get, by, &simpler[i], 1);
}

static void check_loss_of(Grade *g, int points, const char *what, const Cases *c) {
    double got;
    loss_of(c, &got);
    grade_numbers(g, points, what, &got, 1, TOLERANCE, loss_by, c, LOSS_SLIPS,
                  COUNT_OF(LOSS_SLIPS));
    grade_simpler_judged(g, c, loss_of, loss_by);
}

static void check_slopes_of(Grade *g, int points, const char *what, const Cases *c) {
    double got[MOST_JUDGED];
    slopes_of(c, got);
    grade_written(g, got, c->n, TOLERANCE, slopes_by, c, BEFORE);
    grade_numbers(g, points, what, got, c->n, TOLERANCE, slopes_by, c, SLOPES_SLIPS,
                  COUNT_OF(SLOPES_SLIPS));
    grade_simpler_judged(g, c, slopes_of, slopes_by);
}

static const Cases
    LIKED = {3, {0.5, -1, 2}, {true, true, true}, 0.25, {0.4, 1.5, 0.75}},
    BOTH = {5,
            {0.5, -1, 2, 0.75, -0.5},
            {true, false, false, true, true},
            0.25,
            {0.4, 1.5, 0.75}},
    FAR = {4, {3000, -3000, 2500, -2500}, {false, true, false, false}, 0, {1, 1, 2}};
// three have their whole lambda: 2 + 1 + 2
static const double FAR_LOSS = 5.0 / 4;

static void check_loss_liked(Grade *g) {
    check_loss_of(g, 3, "the loss of three answers that were liked", &LIKED);
}
static void check_loss_both(Grade *g) {
    check_loss_of(g, 3, "the loss of three that were liked and two that were not",
                  &BOTH);
}
static void check_slopes_liked(Grade *g) {
    check_slopes_of(g, 3, "the slopes of three answers that were liked", &LIKED);
}
static void check_slopes_both(Grade *g) {
    check_slopes_of(g, 4, "the slopes of three that were liked and two that were not",
                    &BOTH);
}

// beta h of 3000: e^3000 is infinite. Far on either side, of both kinds.
static void check_far(Grade *g) {
    double loss, slopes[MOST_JUDGED];
    loss_of(&FAR, &loss), slopes_of(&FAR, slopes);
    int wrong = 0;
    bool none = true;  // that is no number
    while (wrong < FAR.n - 1 && slopes[wrong] == 0) wrong++;
    for (int i = 0; i < FAR.n; i++) none &= !isnan(slopes[i]);
    grade_mistake(g, isnan(loss) || !none, "overflow",
                  "e^3000 is infinite and infinity / infinity is NaN: use e^-|x|");
    grade_expect(g, 1, fabs(loss - FAR_LOSS) < TOLERANCE,
                 "the loss with beta (h - z) of 3000: %.9g, should be %.9g", loss,
                 FAR_LOSS);
    grade_expect(g, 2, slopes[wrong] == 0 && fabs(loss - FAR_LOSS) < TOLERANCE,
                 "the slopes there: that of answer %d is %g, should be 0", wrong,
                 slopes[wrong]);
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
    BALANCE_OTHER_ONE,
    BALANCE_LARGER_ONE,  // the larger is 1
    BALANCE_COUNTS,      // liked / others
    BALANCE_NO_RATIO,
    BALANCE_NO_INVERSE,  // quotient for 1 / quotient
    BALANCE_INTEGERS,
    BALANCE_RATIO_ALONE,  // counts are not used
    BALANCE_SHARES,       // each has the other kind's share
    BALANCE_PRODUCTS,     // ratio x others and liked themselves
} BalanceRule;

static const double BETA = 0.35;

static double quotient_by(BalanceRule rule, const Balance *b) {
    double liked = b->liked, others = b->others, ratio = b->ratio;
    if (rule == BALANCE_INVERSE_RATIO) ratio = 1 / ratio;
    if (rule == BALANCE_NO_RATIO) ratio = 1;
    if (rule == BALANCE_INTEGERS) return ratio * (b->others / b->liked);
    if (rule == BALANCE_COUNTS) return ratio * liked / others;
    if (rule == BALANCE_RATIO_ALONE) return ratio;
    double quotient = ratio * others / liked;
    return rule == BALANCE_EXCHANGED ? 1 / quotient : quotient;
}

static void balance_by(int rule, const void *of, double *to) {
    const Balance *b = of;
    double quotient = quotient_by((BalanceRule)rule, b);
    bool other_one = rule == BALANCE_LIKED_ONE    ? false
                     : rule == BALANCE_OTHER_ONE  ? true
                     : rule == BALANCE_LARGER_ONE ? quotient < 1
                                                  : quotient >= 1;
    to[0] = other_one ? quotient : 1, to[1] = other_one ? 1 : 1 / quotient;
    if (rule == BALANCE_NO_INVERSE && !other_one) to[1] = quotient;
    if (rule == BALANCE_SHARES) {
        to[0] = (double)b->others / (b->liked + b->others);
        to[1] = (double)b->liked / (b->liked + b->others);
    }
    if (rule == BALANCE_PRODUCTS) to[0] = b->ratio * b->others, to[1] = b->liked;
    to[2] = BETA;
}

static const Slip BALANCE_SLIPS[] = {
    {BALANCE_EXCHANGED, "exchanged",
     "the two lambdas are exchanged: the rarer kind gets the larger one"},
    {BALANCE_INVERSE_RATIO, "inverse-ratio", "the ratio stands on the others' side"},
    {BALANCE_LIKED_ONE, "liked-one",
     "the smaller of the two is 1, not always lambda_liked"},
    {BALANCE_OTHER_ONE, "other-one",
     "the smaller of the two is 1, not always lambda_other"},
    {BALANCE_LARGER_ONE, "larger-one",
     "the larger of the two is 1: the smaller is to be"},
    {BALANCE_COUNTS, "counts-inverted",
     "the counts are upside down: the rarer kind gets the larger lambda, "
     "lambda_liked / lambda_other = ratio others / liked"},
    {BALANCE_NO_RATIO, "no-ratio", "the ratio is not used"},
    {BALANCE_NO_INVERSE, "quotient-not-inverted",
     "where lambda_liked is 1, lambda_other is 1 / quotient"},
    {BALANCE_INTEGERS, "balance-integers",
     "others / liked is a quotient of integers: make one a double"},
    {BALANCE_RATIO_ALONE, "no-counts", "the counts are not used"},
    {BALANCE_PRODUCTS, "not-divided",
     "these are in the right proportion, but the smaller one is to be 1: divide by it"},
    {BALANCE_SHARES, "shares",
     "these are shares of the other kind: the smaller of the two lambdas is 1, the "
     "other ratio x others / liked or its inverse"},
};

static bool balances(Balance b) {
    KtoSettings s = kto_balanced(b.liked, b.others, b.ratio, BETA);
    double want[3];
    balance_by(BALANCE_RIGHT, &b, want);
    return fabs(s.lambda_liked - want[0]) < TOLERANCE
           && fabs(s.lambda_other - want[1]) < TOLERANCE;
}

static void check_balance(Grade *g, int points, const char *what, Balance b) {
    KtoSettings s = kto_balanced(b.liked, b.others, b.ratio, BETA);
    double got[] = {s.lambda_liked, s.lambda_other, s.beta};
    grade_mistake(g, s.beta != BETA, "beta-not-set",
                  "beta is to be the one that is given");
    grade_numbers(g, points, what, got, 3, TOLERANCE, balance_by, &b, BALANCE_SLIPS,
                  COUNT_OF(BALANCE_SLIPS));
    grade_contrast(g, fabs(got[0] * b.liked - b.ratio * got[1] * b.others) < 1e-9,
                   "only-balanced",
                   "the two are balanced: what makes the smaller one 1?");
    Balance plain = {b.liked, b.others, 1}, alike = {b.liked, b.liked, b.ratio};
    grade_contrast(g, balances(plain), "only-ratio-1",
                   "right where the ratio is 1: on which side does it stand?");
    grade_contrast(
        g, balances(alike), "only-counts-alike",
        "right where there are as many of each kind: which count stands where?");
    grade_contrast(
        g, fmin(got[0], got[1]) == 1, "only-smaller-one",
        "the smaller of the two is 1, but lambda_liked / lambda_other is %.6g: "
        "lambda_liked x liked = ratio x lambda_other x others says %.6g",
        got[0] / got[1], b.ratio * b.others / b.liked);
}

static void check_more_others(Grade *g) {
    const Balance others = {20, 60, 4.0 / 3}, liked = {90, 30, 4.0 / 3},
                  low = {20, 40, 0.375};
    grade_mistake(g, balances(others) && balances(liked) && !balances(low),
                  "counts-compared",
                  "with more others and a ratio below 1 it is wrong: which of the two "
                  "is 1 is decided by ratio x others against liked, not by the counts");
    check_balance(g, 1, "lambdas for 20 liked, 60 others, ratio 4/3", others);
    // more others, and yet lambda_liked is 1
    check_balance(g, 1, "lambdas for 20 liked, 40 others, ratio 3/8", low);
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
