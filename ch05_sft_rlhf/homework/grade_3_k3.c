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
    POINT_STAR,     // pi*, k1's and k2's
    POINT_NO_BETA,  // ref / (lambda - r)
    POINT_NO_SUM,   // lambda is the largest reward + beta
    POINT_SCALED    // so too, divided by its sum
} PointRule;

typedef struct {
    const double *reward;
    double beta;
} Point;

// lambda - most, by bisection of its logarithm.
static double above_by(const Point *p, double beta, double most) {
    double low = -700, high = log(beta) + 1;
    for (int i = 0; i < 300; i++) {
        double middle = (low + high) / 2, sum = 0;
        for (int y = 0; y < ANSWERS; y++)
            sum += beta * REF[y] / (exp(middle) + most - p->reward[y]);
        *(sum > 1 ? &low : &high) = middle;
    }
    return exp((low + high) / 2);
}

static void point_by(int rule, const void *of, double *to) {
    const Point *p = of;
    double most = -INFINITY, sum = 0, beta = rule == POINT_NO_BETA ? 1 : p->beta;
    for (int y = 0; y < ANSWERS; y++) most = fmax(most, p->reward[y]);
    double above =
        rule == POINT_NO_SUM || rule == POINT_SCALED ? beta : above_by(p, beta, most);
    for (int y = 0; y < ANSWERS; y++) {
        to[y] = rule == POINT_STAR ? REF[y] * exp((p->reward[y] - most) / p->beta)
                                   : beta * REF[y] / (above + most - p->reward[y]);
        sum += to[y];
    }
    for (int y = 0; y < ANSWERS; y++)
        if (rule == POINT_STAR || rule == POINT_SCALED) to[y] /= sum;
}

static const Slip POINT_SLIPS[] = {
    {POINT_STAR, "pi-star",
     "this is pi*, where k1 in the reward and k2 in the loss end"},
    {POINT_NO_BETA, "no-beta",
     "pi is beta ref / (lambda - r): the factor beta is missing"},
    {POINT_NO_SUM, "lambda-at-its-bound",
     "lambda is the bound, largest reward + beta: it has to be found"},
    {POINT_SCALED, "scaled",
     "lambda is not found: dividing by the sum gives another policy"},
};

static double point_of(const Point *p, double got[ANSWERS]) {
    Policies of = policies();
    double nothing[ANSWERS] = {9, 9, 9, 9};
    double *to = grade_guarded("log_pi", nothing, sizeof nothing);
    double lambda =
        k3_fixed_point(grade_guarded("log_ref", of.log_ref, sizeof of.log_ref),
                       grade_guarded("reward", p->reward, ANSWERS * sizeof(double)),
                       p->beta, ANSWERS, to);
    for (int y = 0; y < ANSWERS; y++) got[y] = exp(to[y]);
    return lambda;
}

static const double REWARD[ANSWERS] = {1, -0.5, 0.25, 2};

static void check_point(Grade *g) {
    Point p = {REWARD, 0.5};
    double got[ANSWERS];
    point_of(&p, got);
    grade_numbers(g, 5, "the probabilities at the end", got, ANSWERS, 1e-9, point_by,
                  &p, POINT_SLIPS, COUNT_OF(POINT_SLIPS));
}

static void check_lambda(Grade *g) {
    Point p = {REWARD, 0.5};
    double got[ANSWERS], lambda = point_of(&p, got), want = 2 + above_by(&p, 0.5, 2);
    grade_mistake(g, fabs(lambda - 2) < 1e-12, "lambda-is-the-reward",
                  "lambda is above every reward, not the largest one");
    grade_near(g, 2, "lambda", lambda, want, 1e-9);
}

static void check_point_small(Grade *g) {
    static const double equal[ANSWERS] = {1000, 1000, 1000, 999};
    Point p = {equal, 1e-3};
    double got[ANSWERS], sum = 0;
    point_of(&p, got);
    for (int y = 0; y < ANSWERS; y++) sum += got[y];
    grade_mistake(
        g, fabs(sum - 1) > 1e-9 && fabs(sum - 1) < 0.5, "cancels",
        "lambda - r loses its digits where lambda is near a large reward: look for "
        "the distance from the largest reward");
    grade_numbers(g, 3, "the probabilities with rewards near 1000 and beta 0.001", got,
                  ANSWERS, 1e-9, point_by, &p, POINT_SLIPS, COUNT_OF(POINT_SLIPS));
}

void check_k3(Grade *g) {
    grade_part(g, check_k1(g));
    grade_part(g, check_k2(g));
    grade_part(g, check_k3_gradient(g));
    grade_part(g, check_estimates(g));
    grade_part(g, check_point(g));
    grade_part(g, check_lambda(g));
    grade_part(g, check_point_small(g));
}
