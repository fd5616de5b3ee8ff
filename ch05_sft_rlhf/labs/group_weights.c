// What dividing by the group's deviation makes of the objective. Lecture, section 5.13.
//
// Four answers to one prompt, of which one is right; a policy that gives it the
// probability p. All groups of G answers are enumerated, each with its probability, and
// the expected gradient of GRPO is laid beside that of p. Their ratio is
//
//     c_G(p) = E sqrt(k (G - k)) / (G p (1 - p)),    k right answers in a group: binomial
//
// which is 1 for G = 2 and tends to 1 / sqrt(p (1 - p)): the slope of 2 arcsin sqrt(p).
#include <math.h>

#include "ch05_sft_rlhf/group_advantage.h"
#include "common/program/plot.h"

enum { ANSWERS = 4, MOST = 4, GRID = 19 };

typedef struct {
    double p[ANSWERS];
    const double *reward;
} Toy;

// Logits (z, .3, 0, -.3), with z such that the first has the probability p.
static Toy toy_of(double p, const double *reward) {
    static const double others[ANSWERS] = {0, 0.3, 0, -0.3};
    Toy t = {.reward = reward};
    double sum = 0;
    for (int y = 1; y < ANSWERS; y++) sum += exp(others[y]);
    t.p[0] = p;
    for (int y = 1; y < ANSWERS; y++) t.p[y] = (1 - p) * exp(others[y]) / sum;
    return t;
}

// d E r / d logit_y = pi_y (r_y - E r)
static void true_gradient(double *to, const Toy *t) {
    double mean = 0;
    for (int y = 0; y < ANSWERS; y++) mean += t->p[y] * t->reward[y];
    for (int y = 0; y < ANSWERS; y++) to[y] = t->p[y] * (t->reward[y] - mean);
}

// E of the mean over a group of A_i d ln pi(y_i): over all ANSWERS^G groups.
static void group_gradient(double *to, const Toy *t, int size, GroupKind kind) {
    int groups = 1;
    for (int i = 0; i < size; i++) groups *= ANSWERS;
    for (int y = 0; y < ANSWERS; y++) to[y] = 0;
    for (int g = 0; g < groups; g++) {
        double r[MOST], a[MOST], chance = 1;
        int drawn[MOST];
        for (int i = 0, code = g; i < size; i++, code /= ANSWERS) {
            drawn[i] = code % ANSWERS;
            chance *= t->p[drawn[i]], r[i] = t->reward[drawn[i]];
        }
        group_advantages(a, r, 1, size, kind);
        for (int i = 0; i < size; i++)
            for (int y = 0; y < ANSWERS; y++)
                to[y] += chance * a[i] * ((y == drawn[i]) - t->p[y]) / size;
    }
}

// c_G(p), by the binomial distribution of k.
static double weight(int size, double p) {
    double sum = 0;
    for (int k = 1; k < size; k++) {
        double log_chance = lgamma(size + 1.0) - lgamma(k + 1.0)
                            - lgamma(size - k + 1.0) + k * log(p)
                            + (size - k) * log1p(-p);
        sum += exp(log_chance) * sqrt((double)k * (size - k));
    }
    return sum / (size * p * (1 - p));
}

static double factor_of(int kind, int size, double p) {
    switch ((GroupKind)kind) {
        case GROUP_MEAN: return 1 - 1.0 / size;
        case GROUP_DEVIATION: return weight(size, p);
        case GROUP_BESSEL: return weight(size, p) * sqrt((size - 1.0) / size);
        case GROUP_OTHERS: return 1;
        case GROUP_KINDS: break;
    }
    return NAN;
}

// The largest difference of any component, for one right answer.
static double worst_of(GroupKind kind) {
    static const double right[ANSWERS] = {1, 0, 0, 0};
    double worst = 0;
    for (int size = 2; size <= MOST; size++)
        for (int i = 1; i <= GRID; i++) {
            double p = i / (GRID + 1.0), found[ANSWERS], exact[ANSWERS];
            Toy t = toy_of(p, right);
            true_gradient(exact, &t), group_gradient(found, &t, size, kind);
            for (int y = 0; y < ANSWERS; y++)
                worst = nan_max(worst,
                                fabs(found[y] - factor_of(kind, size, p) * exact[y]));
        }
    return worst;
}

static void claim_gradients(Lab *lab) {
    // sums of 256 terms below 1
    const double rounding = 1e-13;
    claim_near(lab, "5.112", "less the mean: gradient - (1 - 1/G) grad E r, largest", 0,
               worst_of(GROUP_MEAN), rounding);
    claim_near(lab, "5.112", "less the others' mean: gradient - grad E r, largest", 0,
               worst_of(GROUP_OTHERS), rounding);
    claim_near(lab, "5.113", "deviation: gradient - c_G(p) grad p, largest", 0,
               worst_of(GROUP_DEVIATION), rounding);
    claim_near(lab, "5.113", "with G - 1: - sqrt((G - 1) / G) c_G(p) grad p", 0,
               worst_of(GROUP_BESSEL), rounding);
}

// f(x) = sqrt(x (1 - x)) has f'' = -1 / (4 f^3), and k / G the variance p q / G: so E f
// is f(p) (1 - 1 / (8 G p q)), and next come terms of G^-2: a tenth of it here.
static void claim_limit(Lab *lab) {
    enum { SIZE = 1024, STEPS = 200 };
    const double p = 0.1, q = 1 - p, first = 1 / (8 * SIZE * p * q);
    double worst = 0, sum = 0;
    for (int i = 1; i <= GRID; i++)
        worst = nan_max(worst, fabs(weight(2, i / (GRID + 1.0)) - 1));
    claim_near(lab, "5.114", "groups of two: c_2(p) - 1, largest", 0, worst, 1e-13);
    claim_near(lab, "5.114", "G = 1024, p = .1: 1 - c_G sqrt(p q)", first,
               1 - weight(SIZE, p) * sqrt(p * q), first / 10);
    for (int i = 0; i < STEPS; i++)
        sum += weight(SIZE, p + (1 - 2 * p) * (i + 0.5) / STEPS) * (1 - 2 * p) / STEPS;
    // c_G is below its limit by 1 / (8 G (p q)^1.5), here 4.5e-3 at most and mostly a
    // tenth of that; the midpoint rule is off by less
    claim_near(lab, "5.115", "G = 1024: integral of c_G from .1 to .9, 2 arcsin sqrt",
               2 * (asin(sqrt(1 - p)) - asin(sqrt(p))), sum, 2e-3);
}

// With rewards 0, 1, 2, 4 the division is no factor: components have ratios of their
// own.
static void claim_no_factor(Lab *lab) {
    static const double rewards[ANSWERS] = {0, 1, 2, 4};
    double found[ANSWERS], exact[ANSWERS], least = INFINITY, most = -INFINITY;
    Toy t = toy_of(0.4, rewards);
    true_gradient(exact, &t), group_gradient(found, &t, MOST, GROUP_DEVIATION);
    for (int y = 0; y < ANSWERS; y++) {
        least = fmin(least, found[y] / exact[y]);
        most = fmax(most, found[y] / exact[y]);
    }
    lab_print(lab, "rewards 0, 1, 2, 4, G = 4: ratios of components %.3f .. %.3f",
              least, most);
    // were it a factor, the difference would be rounding
    claim_at_least(lab, "5.116", "rewards of several values: ratios differ by", 0.1,
                   most - least);
}

static void draw(Lab *lab) {
    static const double right[ANSWERS] = {1, 0, 0, 0};
    Plot *plot = plot_new(lab, "group_weights",
                          "p limit c_2 c_4 c_64 enumerated_2 enumerated_4 mean");
    enum { POINTS = 97 };
    for (int i = 0; i < POINTS; i++) {
        double p = 0.02 + 0.01 * i, found[2] = {NAN, NAN}, exact[ANSWERS], g[ANSWERS];
        for (int k = 0; k < 2 && i % 8 == 0; k++) {
            Toy t = toy_of(p, right);
            true_gradient(exact, &t), group_gradient(g, &t, 2 + 2 * k, GROUP_DEVIATION);
            found[k] = g[0] / exact[0];
        }
        plot_row(plot, p, 1 / sqrt(p * (1 - p)), weight(2, p), weight(4, p),
                 weight(64, p), found[0], found[1], 1);
    }
    plot_axes(plot, "p, share of right answers to a prompt",
              "weight of the prompt's gradient");
    plot_set(plot, "yrange [0:6]");
    plot_dashes(plot, "p", "limit", "1 / sqrt(p (1 - p))");
    plot_line(plot, "p", "c_64", "G = 64");
    plot_line(plot, "p", "c_4", "G = 4"), plot_line(plot, "p", "c_2", "G = 2");
    plot_points(plot, "p", "enumerated_4", "all groups of 4");
    plot_points(plot, "p", "enumerated_2", "all groups of 2");
    plot_end(plot);
}

static void run(Lab *lab) {
    claim_gradients(lab), claim_limit(lab), claim_no_factor(lab);
    draw(lab);
}

const LabSpec lab_group_weights = {
    "group-weights", "5.13", "What the deviation makes of the objective", run, NULL};
