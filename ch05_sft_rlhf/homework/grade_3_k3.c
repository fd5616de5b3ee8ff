// Problem 3: k3 as a loss.
#include <math.h>
#include <string.h>

#include "ch05_sft_rlhf/homework/grade.h"

enum { ANSWERS = 4 };
static const double PI[ANSWERS] = {0.1, 0.2, 0.3, 0.4},
                    REF[ANSWERS] = {0.35, 0.1, 0.25, 0.3};
static const double TOLERANCE = 1e-10;

typedef struct {
    KlLoss kind;
    double pi[ANSWERS], ref[ANSWERS];
} Policies;

static Policies policies(KlLoss kind) {
    Policies p = {.kind = kind};
    memcpy(p.pi, PI, sizeof PI), memcpy(p.ref, REF, sizeof REF);
    return p;
}

static Policies evenly(KlLoss kind) {
    Policies p = policies(kind);
    for (int y = 0; y < ANSWERS; y++) p.pi[y] = 1.0 / ANSWERS;
    return p;
}

static const double *logs(const char *name, const double *p) {
    double log_p[ANSWERS];
    for (int y = 0; y < ANSWERS; y++) log_p[y] = log(p[y]);
    return grade_guarded(name, log_p, sizeof log_p);
}

// ---- the expected gradient

typedef enum {
    GRADIENT_RIGHT,
    GRADIENT_OF_KL,    // of KL(pi || ref)
    GRADIENT_REVERSE,  // of KL(ref || pi)
    GRADIENT_NONE,     // zeros
    GRADIENT_SIGN,
    GRADIENT_NO_MEAN,    // pi_j k'_j alone
    GRADIENT_NOT_DRAWN,  // k'_j - mean of k', without pi_j
    GRADIENT_VALUE,      // of E[k] times ln pi: k in place of its slope
    GRADIENT_TWICE,      // k2's slope without the half of k2
    GRADIENT_INVERSE,    // ref / pi for pi / ref
    GRADIENT_PLUS_MEAN,
    GRADIENT_MEAN_APART,  // pi_j k'_j - mean of k', without pi_j
    GRADIENT_DIAGONAL,    // pi_j (1 - pi_j) k'_j
    GRADIENT_REF_WEIGHT,  // ref_j in front
    GRADIENT_REF_MEAN,    // the mean under ref
    GRADIENT_REF_BOTH,
    GRADIENT_PLAIN_MEAN,  // the mean of k' without weights
    GRADIENT_BY_N,
    GRADIENT_SLOPES,      // k' itself
    GRADIENT_WITH_SCORE,  // the draws are differentiated too
    GRADIENT_UPSIDE,      // k3's e^l as pi / ref, nothing else
    GRADIENT_LOGS,        // ln pi for pi
    GRADIENT_UNDRAWN,     // a sum over y without pi(y)
    GRADIENT_OTHER_PI,    // pi_j for pi(y)
    GRADIENT_OWN_PI,      // [y = j] - pi(y)
} GradientRule;

static double slope_by(const Policies *p, KlLoss kind, int y) {
    double l = log(p->ref[y] / p->pi[y]);
    return kind == LOSS_K1 ? 1 : kind == LOSS_K2 ? -l : 1 - exp(l);
}

static double value_by(const Policies *p, KlLoss kind, int y) {
    double l = log(p->ref[y] / p->pi[y]);
    return kind == LOSS_K1 ? -l : kind == LOSS_K2 ? l * l / 2 : exp(l) - 1 - l;
}

static double gradient_slope(GradientRule rule, const Policies *p, int y) {
    double l = log(p->ref[y] / p->pi[y]);
    KlLoss kind = p->kind;
    if (rule == GRADIENT_OF_KL) kind = LOSS_K2;
    if (rule == GRADIENT_REVERSE) kind = LOSS_K3;
    if (rule == GRADIENT_VALUE) return value_by(p, kind, y);
    if (rule == GRADIENT_WITH_SCORE) return value_by(p, kind, y) + slope_by(p, kind, y);
    if (rule == GRADIENT_UPSIDE && kind == LOSS_K3) return 1 - exp(-l);
    if (rule == GRADIENT_INVERSE)
        return kind == LOSS_K1 ? 1 : kind == LOSS_K2 ? l : exp(-l) - 1;
    return slope_by(p, kind, y)
           * (rule == GRADIENT_TWICE  ? 2
              : rule == GRADIENT_SIGN ? -1
                                      : 1);
}

static void gradient_by(int rule, const void *of, double *to) {
    const Policies *p = of;
    bool ref_mean = rule == GRADIENT_REF_MEAN || rule == GRADIENT_REF_BOTH,
         ref_weight = rule == GRADIENT_REF_WEIGHT || rule == GRADIENT_REF_BOTH;
    double slope[ANSWERS], mean = 0, sum = 0, own = 0;
    for (int y = 0; y < ANSWERS; y++) {
        slope[y] = gradient_slope((GradientRule)rule, p, y);
        sum += slope[y], own += p->pi[y] * p->pi[y] * slope[y];
        mean += (rule == GRADIENT_PLAIN_MEAN ? 1.0 / ANSWERS
                 : rule == GRADIENT_LOGS     ? log(p->pi[y])
                 : ref_mean                  ? p->ref[y]
                                             : p->pi[y])
                * slope[y];
    }
    if (rule == GRADIENT_NO_MEAN) mean = 0;
    if (rule == GRADIENT_PLUS_MEAN) mean = -mean;
    for (int y = 0; y < ANSWERS; y++) {
        double weight = rule == GRADIENT_NOT_DRAWN ? 1
                        : rule == GRADIENT_LOGS    ? log(p->pi[y])
                        : ref_weight               ? p->ref[y]
                                                   : p->pi[y];
        to[y] = weight * (slope[y] - mean);
        if (rule == GRADIENT_MEAN_APART) to[y] = weight * slope[y] - mean;
        if (rule == GRADIENT_DIAGONAL) to[y] = weight * (1 - weight) * slope[y];
        if (rule == GRADIENT_UNDRAWN) to[y] = slope[y] - p->pi[y] * sum;
        if (rule == GRADIENT_OTHER_PI) to[y] = p->pi[y] * (slope[y] - p->pi[y] * sum);
        if (rule == GRADIENT_OWN_PI) to[y] = p->pi[y] * slope[y] - own;
        if (rule == GRADIENT_BY_N) to[y] /= ANSWERS;
        if (rule == GRADIENT_SLOPES) to[y] = slope[y];
        if (rule == GRADIENT_NONE) to[y] = 0;
    }
}

static const Slip GRADIENT_SLIPS[] = {
    {GRADIENT_OF_KL, "of-the-divergence",
     "this is the gradient of KL(pi || ref): asked for is that of the estimate, with "
     "the draws held fixed"},
    {GRADIENT_REVERSE, "of-the-other",
     "this is the gradient of KL(ref || pi), which belongs to k3"},
    {GRADIENT_NONE, "zeros", "only k1's gradient vanishes on average"},
    {GRADIENT_SIGN, "sign", "with the sign turned: d(-l) / d ln pi is +1"},
    {GRADIENT_NO_MEAN, "no-mean",
     "d ln pi(y) / dz_j is [y = j] - pi_j: the second term is missing"},
    {GRADIENT_NOT_DRAWN, "not-drawn",
     "answers are drawn from pi: the factor pi_j is missing"},
    {GRADIENT_VALUE, "value-for-slope",
     "this weighs with k itself, as a reward would be: a loss is differentiated"},
    {GRADIENT_TWICE, "slope-twice", "twice the slope: k2 is l^2 / 2, its slope -l"},
    {GRADIENT_INVERSE, "ratio-inverted",
     "the ratio is upside down: l = ln ref - ln pi, and k3 has e^l = ref / pi"},
    {GRADIENT_UNDRAWN, "not-drawn",
     "the sum over y lacks the factor pi(y): answers are drawn from pi"},
    {GRADIENT_OTHER_PI, "other-pi",
     "the sum over y has the factor pi_j: each answer has its own, pi(y)"},
    {GRADIENT_OWN_PI, "own-pi",
     "d ln pi(y) / dz_j is [y = j] - pi_j, with the probability of j: here it is that "
     "of "
     "y"},
    {GRADIENT_UPSIDE, "ratio-inverted",
     "the ratio is upside down: k3 has e^l = ref / pi, its slope is 1 - ref / pi"},
    {GRADIENT_LOGS, "log-for-probability",
     "ln pi stands where pi belongs: the weights are e^log_pi"},
    {GRADIENT_PLUS_MEAN, "plus-mean",
     "the mean of the slopes is subtracted, not added"},
    {GRADIENT_MEAN_APART, "mean-not-weighed",
     "pi_j multiplies both, the slope and the mean: pi_j (k'_j - mean)"},
    {GRADIENT_DIAGONAL, "diagonal",
     "d ln pi(y) / dz_j is not 0 for y != j: all answers' slopes are in gradient j"},
    {GRADIENT_REF_WEIGHT, "drawn-from-ref", "answers are drawn from pi, not from ref"},
    {GRADIENT_REF_MEAN, "mean-under-ref", "the mean of the slopes is that under pi"},
    {GRADIENT_REF_BOTH, "drawn-from-ref", "answers are drawn from pi, not from ref"},
    {GRADIENT_PLAIN_MEAN, "mean-not-weighed",
     "the mean of the slopes has the weights pi(y)"},
    {GRADIENT_BY_N, "divided-by-n",
     "a mean under pi has its probabilities as weights: not divided by n as well"},
    {GRADIENT_SLOPES, "slopes",
     "these are the slopes dk / d ln pi(y): the chain rule goes on to the logits"},
    {GRADIENT_WITH_SCORE, "draws-differentiated",
     "the draws are held fixed: the term k(y) d ln pi(y) / dz does not belong here"},
};

static const double BEFORE = 9;  // what is in an array that is to be written

static int gradient_of(const void *of, double *got) {
    const Policies *p = of;
    const double before[ANSWERS] = {BEFORE, BEFORE, BEFORE, BEFORE};
    double *to = grade_guarded("gradient", before, sizeof before);
    kl_loss_gradient(p->kind, logs("log_pi", p->pi), logs("log_ref", p->ref), ANSWERS,
                     to);
    memcpy(got, to, sizeof before);
    return ANSWERS;
}

static void check_gradient(Grade *g, int points, const char *what, KlLoss kind) {
    double got[ANSWERS];
    Policies p = policies(kind), even = evenly(kind);
    const Simpler simpler[] = {{"only-pi-even",
                                "right where all pi(y) are the same: which answer's pi "
                                "is meant in each place, "
                                "y's or j's, and where is there none?",
                                &even}};
    gradient_of(&p, got);
    grade_written(g, got, ANSWERS, TOLERANCE, gradient_by, &p, BEFORE);
    grade_numbers(g, points, what, got, ANSWERS, TOLERANCE, gradient_by, &p,
                  GRADIENT_SLIPS, COUNT_OF(GRADIENT_SLIPS));
    grade_simpler(g, TOLERANCE, gradient_of, gradient_by, simpler, COUNT_OF(simpler));
    double sum = 0;
    for (int y = 0; y < ANSWERS; y++) sum += got[y];
    grade_contrast(
        g, fabs(sum) > 1e-6, "sum-not-zero",
        "the gradient's numbers sum to %.4g, not to 0, though adding the same "
        "to all logits changes nothing: which term of d ln pi(y) / dz_j is "
        "wrong?",
        sum);
}

static void check_k1(Grade *g) { check_gradient(g, 3, "k1's gradient", LOSS_K1); }
static void check_k2(Grade *g) { check_gradient(g, 3, "k2's gradient", LOSS_K2); }
static void check_k3_gradient(Grade *g) {
    check_gradient(g, 4, "k3's gradient", LOSS_K3);
}

// ---- as estimates

typedef enum {
    ESTIMATE_RIGHT,
    ESTIMATE_UNIFORM,   // all answers alike
    ESTIMATE_OF_REF,    // drawn from ref
    ESTIMATE_VARIANCE,  // not its root
    ESTIMATE_SQUARE,    // E[k^2] for the variance
    ESTIMATE_ERROR,     // divided by the root of n
    ESTIMATE_SAMPLE,    // by n - 1
    ESTIMATE_ABSOLUTE,  // the mean distance from the mean
    ESTIMATE_PLAIN,     // distances not weighed
    ESTIMATE_MEANS,     // the mean not weighed, and distances from it
    ESTIMATE_PLAIN_N,   // squared distances with 1 / n
    ESTIMATE_REF_MEAN,  // the mean under ref, distances from it under pi
    ESTIMATE_TWICE,     // the mean's square subtracted once more
    ESTIMATE_LOGS,      // ln pi for pi
    // k itself
    ESTIMATE_SIGN,        // k1's sign
    ESTIMATE_K1_SIZE,     // its absolute value
    ESTIMATE_NO_HALF,     // k2 = l^2
    ESTIMATE_K3_PLUS,     // e^l - 1 + l
    ESTIMATE_K3_NO_ONE,   // e^l - l
    ESTIMATE_K3_SIGN,     // 1 + l - e^l
    ESTIMATE_K3_INVERSE,  // e^-l - 1 + l
    ESTIMATE_K3_EXP,      // e^l - 1
    ESTIMATE_INVERSE,     // l with the other sign, in all three
} EstimateRule;

static double estimate_value(EstimateRule rule, const Policies *p, KlLoss kind, int y) {
    double l = log(p->ref[y] / p->pi[y]);
    if (rule == ESTIMATE_INVERSE) {
        l = -l;
        return kind == LOSS_K1 ? -l : kind == LOSS_K2 ? l * l / 2 : exp(l) - 1 - l;
    }
    if (kind == LOSS_K1 && rule == ESTIMATE_SIGN) return l;
    if (kind == LOSS_K1 && rule == ESTIMATE_K1_SIZE) return fabs(l);
    if (kind == LOSS_K2 && rule == ESTIMATE_NO_HALF) return l * l;
    if (kind != LOSS_K3) return value_by(p, kind, y);
    if (rule == ESTIMATE_K3_PLUS) return exp(l) - 1 + l;
    if (rule == ESTIMATE_K3_NO_ONE) return exp(l) - l;
    if (rule == ESTIMATE_K3_INVERSE) return exp(-l) - 1 + l;
    if (rule == ESTIMATE_K3_EXP) return exp(l) - 1;
    return rule == ESTIMATE_K3_SIGN ? -value_by(p, kind, y) : value_by(p, kind, y);
}

static double estimate_weight(EstimateRule rule, const Policies *p, int y) {
    return rule == ESTIMATE_UNIFORM  ? 1.0 / ANSWERS
           : rule == ESTIMATE_OF_REF ? p->ref[y]
           : rule == ESTIMATE_LOGS   ? log(p->pi[y])
                                     : p->pi[y];
}

static double spread_by(EstimateRule rule, const Policies *p, KlLoss kind,
                        double mean) {
    double sum = rule == ESTIMATE_TWICE ? -mean * mean : 0;
    if (rule == ESTIMATE_SQUARE) mean = 0;
    for (int y = 0; y < ANSWERS; y++) {
        double weight = rule == ESTIMATE_PLAIN     ? 1
                        : rule == ESTIMATE_PLAIN_N ? 1.0 / ANSWERS
                                                   : estimate_weight(rule, p, y),
               off = estimate_value(rule, p, kind, y) - mean;
        sum += weight * (rule == ESTIMATE_ABSOLUTE ? fabs(off) : off * off);
    }
    if (rule == ESTIMATE_ERROR) sum /= ANSWERS;
    if (rule == ESTIMATE_SAMPLE) sum *= ANSWERS / (ANSWERS - 1.0);
    bool rooted = rule == ESTIMATE_VARIANCE || rule == ESTIMATE_ABSOLUTE;
    return rooted ? sum : sqrt(sum);
}

static void estimates_by(int rule, const void *of, double *to) {
    const Policies *p = of;
    for (int kind = 0; kind < 3; kind++) {
        double mean = 0;
        for (int y = 0; y < ANSWERS; y++)
            mean += (rule == ESTIMATE_MEANS ? 1.0 / ANSWERS
                     : rule == ESTIMATE_REF_MEAN
                         ? p->ref[y]
                         : estimate_weight((EstimateRule)rule, p, y))
                    * estimate_value((EstimateRule)rule, p, (KlLoss)kind, y);
        to[2 * kind] = mean;
        to[2 * kind + 1] = spread_by((EstimateRule)rule, p, (KlLoss)kind, mean);
    }
}

static const Slip ESTIMATE_SLIPS[] = {
    {ESTIMATE_UNIFORM, "uniform",
     "answers are drawn from pi: the mean has its weights"},
    {ESTIMATE_MEANS, "uniform", "answers are drawn from pi: the mean has its weights"},
    {ESTIMATE_OF_REF, "drawn-from-ref", "answers are drawn from pi, not from ref"},
    {ESTIMATE_VARIANCE, "variance", "this is the variance: its root is asked for"},
    {ESTIMATE_SQUARE, "second-moment",
     "this is the root of E[k^2]: the mean's square is not subtracted"},
    {ESTIMATE_ERROR, "standard-error",
     "divided by the root of n: the deviation of one draw is asked for, not the "
     "error of a mean"},
    {ESTIMATE_SAMPLE, "sample-variance",
     "n / (n - 1) is for samples: here all probabilities are known"},
    {ESTIMATE_ABSOLUTE, "mean-distance",
     "this is the mean distance from the mean: the root of the mean square is "
     "asked for"},
    {ESTIMATE_PLAIN, "deviation-not-weighed",
     "squared distances from the mean have the weights pi(y) too"},
    {ESTIMATE_PLAIN_N, "deviation-not-weighed",
     "squared distances from the mean have the weights pi(y) too, not 1 / n"},
    {ESTIMATE_REF_MEAN, "drawn-from-ref",
     "the mean has the weights pi(y): answers are drawn from pi, not from ref"},
    {ESTIMATE_TWICE, "mean-subtracted-twice",
     "the mean's square is subtracted, though the distances are from the mean already"},
    {ESTIMATE_LOGS, "log-for-probability",
     "ln pi stands where pi belongs: the weights are e^log_pi"},
    {ESTIMATE_SIGN, "k1-sign", "k1 is ln pi - ln ref = -l"},
    {ESTIMATE_K1_SIZE, "k1-absolute",
     "k1 of an answer may be negative: only its mean is not. Without the absolute "
     "value"},
    {ESTIMATE_NO_HALF, "k2-no-half", "k2 is l^2 / 2: the half is missing"},
    {ESTIMATE_K3_PLUS, "k3-sign", "k3 is e^l - 1 - l: l is subtracted"},
    {ESTIMATE_K3_NO_ONE, "k3-no-one", "k3 is e^l - 1 - l: the 1 is missing"},
    {ESTIMATE_K3_SIGN, "k3-sign", "k3 is e^l - 1 - l: here all signs are turned"},
    {ESTIMATE_K3_INVERSE, "k3-ratio-inverted",
     "k3 has e^l = ref / pi: here the ratio is upside down"},
    {ESTIMATE_K3_EXP, "k3-no-l", "k3 is e^l - 1 - l: l is missing"},
    {ESTIMATE_INVERSE, "ratio-inverted",
     "l is ln ref - ln pi, not ln pi - ln ref: the ratio is upside down"},
};

static int estimates_of(const void *of, double *got) {
    const Policies *p = of;
    for (int kind = 0; kind < 3; kind++) {
        Estimate e = kl_estimate((KlLoss)kind, logs("log_pi", p->pi),
                                 logs("log_ref", p->ref), ANSWERS);
        got[2 * kind] = e.mean, got[2 * kind + 1] = e.deviation;
    }
    return 6;
}

// Which of the six numbers are right: one kind's, the means.
static void name_estimates(Grade *g, const Policies *p, const double got[6]) {
    double want[6];
    bool right[3], means = true;
    estimates_by(ESTIMATE_RIGHT, p, want);
    for (int kind = 0; kind < 3; kind++) {
        bool mean = fabs(got[2 * kind] - want[2 * kind]) < TOLERANCE;
        right[kind] = mean && fabs(got[2 * kind + 1] - want[2 * kind + 1]) < TOLERANCE;
        means &= mean;
    }
    grade_contrast(
        g, means, "only-means",
        "all three means are right: what is the mean of for a deviation, with "
        "which weights, and what is done to it?");
    for (int kind = 0; kind < 3; kind++)
        grade_contrast(
            g, !right[kind] && right[(kind + 1) % 3] && right[(kind + 2) % 3],
            "only-others",
            "the other two are right, k%d is not: what is k%d of one answer?", kind + 1,
            kind + 1);
}

static void check_estimates(Grade *g) {
    double got[6];
    Policies p = policies(LOSS_K1), even = evenly(LOSS_K1);
    const Simpler simpler[] = {
        {"only-pi-even",
         "right where all pi(y) are the same: with which weights are the means taken?",
         &even}};
    grade_numbers(g, 5, "mean and deviation of k1, k2, k3", got, estimates_of(&p, got),
                  TOLERANCE, estimates_by, &p, ESTIMATE_SLIPS,
                  COUNT_OF(ESTIMATE_SLIPS));
    name_estimates(g, &p, got);
    grade_simpler(g, TOLERANCE, estimates_of, estimates_by, simpler, COUNT_OF(simpler));
}

// ---- where it ends

typedef enum {
    POINT_RIGHT,
    POINT_STAR,         // pi* of the reward's beta alone
    POINT_K3,           // the fixed point of the loss's beta alone
    POINT_STAR_SUM,     // pi* of both betas together
    POINT_SCALED,       // nu at its upper bound, then divided by the sum
    POINT_SWAPPED,      // the betas exchanged
    POINT_RATIO,        // pi / ref
    POINT_PI,           // e^pi: pi for ln pi was written
    POINT_RATIO_BOUND,  // pi / ref, with nu at its upper bound
} PointRule;

typedef struct {
    double beta_reward, beta_loss;
} Point;

static const double REWARD[ANSWERS] = {1, -0.5, 0.25, 2};

// pi / ref of answer y at nu: its logarithm, by bisection.
static double ratio_by(const Point *p, int y, double nu) {
    double low = -100, high = 100;
    for (int i = 0; i < 100; i++) {
        double v = (low + high) / 2;
        *(REWARD[y] - p->beta_reward * v + p->beta_loss * exp(-v) > nu ? &low : &high) =
            v;
    }
    return exp((low + high) / 2);
}

static double nu_by(const Point *p) {
    double low = -0.5 + p->beta_loss, high = 2 + p->beta_loss;
    for (int i = 0; i < 100; i++) {
        double nu = (low + high) / 2, sum = 0;
        for (int y = 0; y < ANSWERS; y++) sum += REF[y] * ratio_by(p, y, nu);
        *(sum > 1 ? &low : &high) = nu;
    }
    return high;
}

static void point_by(int rule, const void *of, double *to) {
    Point p = *(const Point *)of;
    double sum = 0, whole = p.beta_reward + p.beta_loss;
    if (rule == POINT_STAR) p.beta_loss = 0;
    if (rule == POINT_K3) p.beta_reward = 0;
    if (rule == POINT_STAR_SUM) p = (Point){whole, 0};
    if (rule == POINT_SWAPPED) p = (Point){p.beta_loss, p.beta_reward};
    bool bound = rule == POINT_SCALED || rule == POINT_RATIO_BOUND;
    double nu = bound ? 2 + p.beta_loss : nu_by(&p);
    for (int y = 0; y < ANSWERS; y++) sum += to[y] = REF[y] * ratio_by(&p, y, nu);
    for (int y = 0; y < ANSWERS; y++) {
        if (rule == POINT_SCALED) to[y] /= sum;
        if (rule == POINT_RATIO || rule == POINT_RATIO_BOUND) to[y] /= REF[y];
        if (rule == POINT_PI) to[y] = exp(to[y]);
    }
}

static const Slip POINT_SLIPS[] = {
    {POINT_STAR, "reward-alone",
     "the term in the loss is left out, or has no effect on where the search ends: "
     "this is "
     "pi*"},
    {POINT_K3, "loss-alone", "the term in the reward is left out"},
    {POINT_STAR_SUM, "sum-of-betas",
     "this is pi* of both betas added: k3 in the loss is another force than k1 in the "
     "reward"},
    {POINT_SCALED, "scaled",
     "nu is at its bound: dividing by the sum gives another policy"},
    {POINT_SWAPPED, "betas-exchanged",
     "the betas are exchanged: beta_reward is the logarithm's, beta_loss that of ref / "
     "pi"},
    {POINT_RATIO, "ratios",
     "these are pi / ref: the reference's probability is missing"},
    {POINT_RATIO_BOUND, "ratios",
     "these are pi / ref: ln ref is missing in ln pi, and the sum with it"},
    {POINT_PI, "no-log", "pi itself was written: its logarithm is asked for"},
};

static double point_of(const Point *p, double got[ANSWERS]) {
    const double nothing[ANSWERS] = {BEFORE, BEFORE, BEFORE, BEFORE};
    double *to = grade_guarded("log_pi", nothing, sizeof nothing);
    double nu = mixed_fixed_point(logs("log_ref", REF),
                                  grade_guarded("reward", REWARD, sizeof REWARD),
                                  p->beta_reward, p->beta_loss, ANSWERS, to);
    for (int y = 0; y < ANSWERS; y++) got[y] = exp(to[y]);
    return nu;
}

static const Point BOTH = {0.5, 0.75};

// The sum of the probabilities says how the search for nu went. 1e-10 is allowed.
static void name_sum(Grade *g, double sum) {
    double off = fabs(sum - 1);
    grade_mistake(
        g, off > 1e-3, "no-sum",
        "the probabilities sum to %.6g: nu was not found. Is it between the "
        "bounds that you search in, least and largest r + beta_loss, and does "
        "the sum fall with it?",
        sum);
    grade_mistake(g, off > 1.1e-10 && off <= 1e-3, "search-ends-early",
                  "the probabilities sum to 1 within %.2g: the search for nu ends too "
                  "early, 1e-10 is asked",
                  off);
}

// Whatever was done to find it: the condition can be asked of the policy itself.
static void name_condition(Grade *g, const Point *p, const double got[ANSWERS]) {
    double left[ANSWERS];
    int off = 0;
    for (int y = 0; y < ANSWERS; y++) {
        left[y] = REWARD[y] - p->beta_reward * log(got[y] / REF[y])
                  + p->beta_loss * REF[y] / got[y];
        if (fabs(left[y] - left[0]) > fabs(left[off] - left[0])) off = y;
    }
    grade_mistake(g, fabs(left[off] - left[0]) > 1e-3, "not-alike",
                  "with these probabilities the condition's left side, r - beta_reward "
                  "ln (pi / ref) + beta_loss ref / pi, is %.5g for answer 0 and %.5g "
                  "for answer %d: all are to be nu",
                  left[0], left[off], off);
}

static int probabilities_of(const void *of, double *got) {
    point_of(of, got);
    return ANSWERS;
}

static void grade_simpler_point(Grade *g) {
    static const Point one_each = {1, 1}, equal = {0.5, 0.5}, reward = {0.5, 0},
                       loss = {0, 0.75};
    static const Simpler simpler[] = {
        {"only-betas-1", "right where both betas are 1: where does each of them stand?",
         &one_each},
        {"only-betas-equal",
         "right where the betas are the same: which is the logarithm's, and which that "
         "of "
         "ref / pi?",
         &equal},
        {"only-no-loss",
         "right without a term in the loss: what does beta_loss ref / pi change, in "
         "the "
         "search and its bounds?",
         &reward},
        {"only-no-reward",
         "right without a term in the reward: what does beta_reward ln (pi / ref) "
         "change?",
         &loss}};
    grade_simpler(g, 1e-8, probabilities_of, point_by, simpler, COUNT_OF(simpler));
}

static bool is_right_point(const Point *p) {
    double got[ANSWERS], want[ANSWERS];
    point_of(p, got), point_by(POINT_RIGHT, p, want);
    for (int y = 0; y < ANSWERS; y++)
        if (!(fabs(got[y] - want[y]) < 1e-8)) return false;
    return true;
}

static void check_point(Grade *g) {
    double got[ANSWERS], sum = 0;
    point_of(&BOTH, got);
    for (int y = 0; y < ANSWERS; y++) sum += got[y];
    grade_slip(g, "the probabilities at the end", got, ANSWERS, 1e-8, point_by, &BOTH,
               POINT_SLIPS, COUNT_OF(POINT_SLIPS));
    name_sum(g, sum);
    name_condition(g, &BOTH, got);
    if (grade_mistake(
            g, is_right_point(&BOTH) && !is_right_point(&(Point){0.02, 0.01}),
            "inner-bracket",
            "right with betas near 1, wrong with 0.02 and 0.01: is ln (pi / ref) "
            "looked for between two fixed bounds? It may be far below 0"))
        grade_expect(g, 0, false,
                     "the probabilities with betas of 0.02 and 0.01 are others");
    grade_numbers(g, 5, "the probabilities at the end", got, ANSWERS, 1e-8, point_by,
                  &BOTH, POINT_SLIPS, COUNT_OF(POINT_SLIPS));
    grade_simpler_point(g);
}

static void check_nu(Grade *g) {
    double got[ANSWERS], nu = point_of(&BOTH, got);
    grade_mistake(g, fabs(nu - 2 - BOTH.beta_loss) < 1e-12, "lambda-at-its-bound",
                  "nu is at its upper bound: it has to be found");
    static const double EXACT = 1e-8;
    double right = nu_by(&BOTH);
    grade_mistake(
        g, fabs(nu - right + BOTH.beta_loss) < EXACT, "nu-less-beta",
        "beta_loss was subtracted from nu: nu is the left side of the condition");
    grade_mistake(g, fabs(nu - exp(right)) < EXACT, "nu-exponential",
                  "this is e^nu: nu itself is asked for");
    grade_mistake(g, fabs(nu + right) < EXACT, "nu-sign", "this is -nu");
    grade_near(g, 2, "nu", nu, right, EXACT);
    grade_contrast(g, is_right_point(&BOTH), "only-probabilities",
                   "the probabilities are right: nu is what the left side of the "
                   "condition is for each of them, and is returned as it is");
}

// Of one place alone.
static void check_one_place(Grade *g, int points, const char *what, Point p) {
    double got[ANSWERS], sum = 0;
    point_of(&p, got);
    for (int y = 0; y < ANSWERS; y++) sum += got[y];
    grade_mistake(g, isnan(sum), "zero-beta", "a beta of 0 is divided by");
    if (sum > 1e-3) name_sum(g, sum), name_condition(g, &p, got);
    grade_numbers(g, points, what, got, ANSWERS, 1e-8, point_by, &p, NULL, 0);
    grade_contrast(g, is_right_point(&BOTH), "only-both",
                   "right where both betas are above 0: what is divided by a beta, and "
                   "what is left of the condition without that term?");
}

static void check_loss_alone(Grade *g) {
    check_one_place(g, 2, "the probabilities with no term in the reward",
                    (Point){0, 0.5});
}
static void check_reward_alone(Grade *g) {
    check_one_place(g, 1, "the probabilities with no term in the loss",
                    (Point){0.5, 0});
}

void check_k3(Grade *g) {
    grade_part(g, check_k1(g));
    grade_part(g, check_k2(g));
    grade_part(g, check_k3_gradient(g));
    grade_part(g, check_estimates(g));
    grade_part(g, check_point(g));
    grade_part(g, check_nu(g));
    grade_part(g, check_loss_alone(g));
    grade_part(g, check_reward_alone(g));
}
