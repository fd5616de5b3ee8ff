// Problem 3: k3 as a loss.
#include <math.h>

#include "ch05_sft_rlhf/homework/grade.h"

enum { ANSWERS = 4 };
static const double PI[ANSWERS] = {0.1, 0.2, 0.3, 0.4},
                    REF[ANSWERS] = {0.4, 0.1, 0.3, 0.2};
static const double TOLERANCE = 1e-10;

typedef struct {
    double log_pi[ANSWERS], log_ref[ANSWERS];
} Policies;

static Policies policies(void) {
    Policies p;
    for (int y = 0; y < ANSWERS; y++)
        p.log_pi[y] = log(PI[y]), p.log_ref[y] = log(REF[y]);
    return p;
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
    GRADIENT_VALUE       // of E[k] times ln pi: k in place of its slope
} GradientRule;

typedef struct {
    KlLoss kind;
} OfKind;

static double slope_by(KlLoss kind, int y) {
    double l = log(REF[y] / PI[y]);
    return kind == LOSS_K1 ? 1 : kind == LOSS_K2 ? -l : 1 - exp(l);
}

static double value_by(KlLoss kind, int y) {
    double l = log(REF[y] / PI[y]);
    return kind == LOSS_K1 ? -l : kind == LOSS_K2 ? l * l / 2 : exp(l) - 1 - l;
}

static void gradient_by(int rule, const void *of, double *to) {
    KlLoss kind = ((const OfKind *)of)->kind;
    if (rule == GRADIENT_OF_KL) kind = LOSS_K2;
    if (rule == GRADIENT_REVERSE) kind = LOSS_K3;
    double slope[ANSWERS], mean = 0;
    for (int y = 0; y < ANSWERS; y++) {
        slope[y] = rule == GRADIENT_VALUE ? value_by(kind, y) : slope_by(kind, y);
        mean += PI[y] * slope[y];
    }
    for (int y = 0; y < ANSWERS; y++) {
        double off = slope[y] - (rule == GRADIENT_NO_MEAN ? 0 : mean);
        to[y] = (rule == GRADIENT_NOT_DRAWN ? 1 : PI[y]) * off;
        if (rule == GRADIENT_SIGN) to[y] = -to[y];
        if (rule == GRADIENT_NONE) to[y] = 0;
    }
}

static const Slip GRADIENT_SLIPS[] = {
    {GRADIENT_OF_KL, "of-the-divergence",
     "this is the gradient of KL(pi || ref): asked for is that of the estimate, with "
     "the "
     "draws held fixed"},
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
};

static void check_gradient(Grade *g, int points, const char *what, KlLoss kind) {
    Policies p = policies();
    double got[ANSWERS], zeros[ANSWERS] = {9, 9, 9, 9};
    double *to = grade_guarded("gradient", zeros, sizeof zeros);
    kl_loss_gradient(kind, grade_guarded("log_pi", p.log_pi, sizeof p.log_pi),
                     grade_guarded("log_ref", p.log_ref, sizeof p.log_ref), ANSWERS,
                     to);
    for (int y = 0; y < ANSWERS; y++) got[y] = to[y];
    grade_numbers(g, points, what, got, ANSWERS, TOLERANCE, gradient_by,
                  &(OfKind){kind}, GRADIENT_SLIPS, COUNT_OF(GRADIENT_SLIPS));
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
} EstimateRule;

static void estimates_by(int rule, const void *of, double *to) {
    (void)of;
    for (int kind = 0; kind < 3; kind++) {
        double mean = 0, square = 0;
        for (int y = 0; y < ANSWERS; y++) {
            double p = rule == ESTIMATE_UNIFORM  ? 1.0 / ANSWERS
                       : rule == ESTIMATE_OF_REF ? REF[y]
                                                 : PI[y];
            double k = value_by((KlLoss)kind, y);
            mean += p * k, square += p * k * k;
        }
        double variance = square - (rule == ESTIMATE_SQUARE ? 0 : mean * mean);
        to[2 * kind] = mean;
        to[2 * kind + 1] = rule == ESTIMATE_VARIANCE ? variance : sqrt(variance);
    }
}

static void check_estimates(Grade *g) {
    static const Slip slips[] = {
        {ESTIMATE_UNIFORM, "uniform",
         "answers are drawn from pi: the mean has its weights"},
        {ESTIMATE_OF_REF, "drawn-from-ref", "answers are drawn from pi, not from ref"},
        {ESTIMATE_VARIANCE, "variance", "this is the variance: its root is asked for"},
        {ESTIMATE_SQUARE, "second-moment",
         "this is the root of E[k^2]: the mean's square is not subtracted"},
    };
    double got[6];
    Policies p = policies();
    for (int kind = 0; kind < 3; kind++) {
        Estimate e = kl_estimate(
            (KlLoss)kind, grade_guarded("log_pi", p.log_pi, sizeof p.log_pi),
            grade_guarded("log_ref", p.log_ref, sizeof p.log_ref), ANSWERS);
        got[2 * kind] = e.mean, got[2 * kind + 1] = e.deviation;
    }
    grade_numbers(g, 5, "mean and deviation of k1, k2, k3", got, 6, TOLERANCE,
                  estimates_by, NULL, slips, COUNT_OF(slips));
}

// ---- where it ends

typedef enum {
    POINT_RIGHT,
    POINT_STAR,      // pi* of the reward's beta alone
    POINT_K3,        // the fixed point of the loss's beta alone
    POINT_STAR_SUM,  // pi* of both betas together
    POINT_SCALED     // nu at its upper bound, then divided by the sum
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
    double nu = rule == POINT_SCALED ? 2 + p.beta_loss : nu_by(&p);
    for (int y = 0; y < ANSWERS; y++) sum += to[y] = REF[y] * ratio_by(&p, y, nu);
    for (int y = 0; y < ANSWERS; y++)
        if (rule == POINT_SCALED) to[y] /= sum;
}

static const Slip POINT_SLIPS[] = {
    {POINT_STAR, "reward-alone", "the term in the loss is left out: this is pi*"},
    {POINT_K3, "loss-alone", "the term in the reward is left out"},
    {POINT_STAR_SUM, "sum-of-betas",
     "this is pi* of both betas added: k3 in the loss is another force than k1 in the "
     "reward"},
    {POINT_SCALED, "scaled",
     "nu is at its bound: dividing by the sum gives another policy"},
};

static double point_of(const Point *p, double got[ANSWERS]) {
    Policies of = policies();
    double nothing[ANSWERS] = {9, 9, 9, 9};
    double *to = grade_guarded("log_pi", nothing, sizeof nothing);
    double nu =
        mixed_fixed_point(grade_guarded("log_ref", of.log_ref, sizeof of.log_ref),
                          grade_guarded("reward", REWARD, sizeof REWARD),
                          p->beta_reward, p->beta_loss, ANSWERS, to);
    for (int y = 0; y < ANSWERS; y++) got[y] = exp(to[y]);
    return nu;
}

static const Point BOTH = {0.5, 0.75};

static void check_point(Grade *g) {
    double got[ANSWERS];
    point_of(&BOTH, got);
    grade_numbers(g, 5, "the probabilities at the end", got, ANSWERS, 1e-8, point_by,
                  &BOTH, POINT_SLIPS, COUNT_OF(POINT_SLIPS));
}

static void check_nu(Grade *g) {
    double got[ANSWERS], nu = point_of(&BOTH, got);
    grade_mistake(g, fabs(nu - 2 - BOTH.beta_loss) < 1e-12, "lambda-at-its-bound",
                  "nu is at its upper bound: it has to be found");
    grade_near(g, 2, "nu", nu, nu_by(&BOTH), 1e-8);
}

// Of one place alone.
static void check_one_place(Grade *g, int points, const char *what, Point p) {
    double got[ANSWERS], sum = 0;
    point_of(&p, got);
    for (int y = 0; y < ANSWERS; y++) sum += got[y];
    grade_mistake(g, isnan(sum), "zero-beta", "a beta of 0 is divided by");
    grade_numbers(g, points, what, got, ANSWERS, 1e-8, point_by, &p, NULL, 0);
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
