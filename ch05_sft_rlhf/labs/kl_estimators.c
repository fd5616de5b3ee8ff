// Three estimators of the KL, and what each is as a loss. Lecture, section 5.8.
//
//     pi = N(0, 1), ref = N(mu, 1):    KL = mu^2 / 2
//     k1: deviation / KL = 2 / mu      k2: bias / KL = mu^2 / 4
//     k3: deviation / KL = 2 sqrt(e^(mu^2) - 1 - mu^2) / mu^2
//
// Means and deviations by the trapezoidal rule, which for such integrands is exact to
// rounding; then from draws.
#include "ch05_sft_rlhf/kl_estimators.h"

#include <math.h>
#include <stdlib.h>

#include "ch05_sft_rlhf/optimal_policy.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { POINTS = 40, MUS = 4, N = 8 };
static const double mus[MUS] = {0.1, 0.3, 1, 1.5};

static const Option options[] = {
    {"draws", "100000", "from pi, for the measured points"}, {0}};

static double log_normal(double x, double mean) {
    const double LOG_SQRT_2PI = 0.91893853320467274178;
    return -(x - mean) * (x - mean) / 2 - LOG_SQRT_2PI;
}

typedef struct {
    double mean, deviation;
} Moments;

static Moments exact_moments(KlKind kind, double mu) {
    const double FAR = 16, STEP = 1.0 / 64;
    double mean = 0, square = 0;
    for (double x = -FAR; x <= FAR; x += STEP) {
        double k = kl_estimators[kind].value(log_normal(x, 0), log_normal(x, mu)),
               p = STEP * exp(log_normal(x, 0));
        mean += p * k, square += p * k * k;
    }
    return (Moments){mean, sqrt(square - mean * mean)};
}

static Moments formula(KlKind kind, double mu) {
    double m2 = mu * mu, kl = m2 / 2;
    switch (kind) {
        case KL_K1: return (Moments){kl, mu};
        // k2 = (mu x - m2 / 2)^2 / 2, a square of a normal number
        case KL_K2:
            return (Moments){kl * (1 + m2 / 4), sqrt(m2 * m2 / 2 + m2 * m2 * m2 / 4)};
        case KL_K3: return (Moments){kl, sqrt(expm1(m2) - m2)};
        case KL_KINDS: break;
    }
    abort();
}

// Mean and deviation against the formulas: the largest relative error.
static double worst_moment(KlKind kind) {
    double worst = 0;
    for (int i = 0; i < MUS; i++) {
        Moments found = exact_moments(kind, mus[i]), expected = formula(kind, mus[i]);
        worst = nan_max(worst, fabs(found.mean / expected.mean - 1));
        worst = nan_max(worst, fabs(found.deviation / expected.deviation - 1));
    }
    return worst;
}

static void claim_moments(Lab *lab) {
    // deviations of k3 at 0.1 are differences of numbers 1e4 times as large
    claim_near(lab, "5.64", "k1: mean and deviation / formula - 1, largest", 0,
               worst_moment(KL_K1), 1e-9);
    claim_near(lab, "5.65", "k2: mean and deviation / formula - 1, largest", 0,
               worst_moment(KL_K2), 1e-9);
    claim_near(lab, "5.66", "k3: mean and deviation / formula - 1, largest", 0,
               worst_moment(KL_K3), 1e-9);
}

// k1 and k2 are polynomials of a normal number, k3 has moments of all orders: standard
// errors mean what they say for mu up to 1.
static double worst_of_draws(Lab *lab, Mean found[KL_KINDS][MUS], int draws) {
    double worst = 0;
    for (int i = 0; i < MUS; i++) {
        Rng rng = rng_split(&lab->rng, (uint64_t)i);
        for (int n = 0; n < draws; n++) {
            double x = rng_normal(&rng);
            for (int k = 0; k < KL_KINDS; k++)
                mean_add(&found[k][i], kl_estimators[k].value(log_normal(x, 0),
                                                              log_normal(x, mus[i])));
        }
        for (int k = 0; k < KL_KINDS && mus[i] <= 1; k++)
            worst = nan_max(worst,
                            fabs(mean_of(found[k][i]) - formula((KlKind)k, mus[i]).mean)
                                / mean_error(found[k][i]));
    }
    return worst;
}

// E over pi of slope x grad ln pi, for a policy of N answers by its logits, against the
// gradients 0, d KL(pi || ref) / dz_j = pi_j (l_j - KL), d KL(ref || pi) / dz_j = pi_j
// - ref_j.
static void claim_losses(Lab *lab) {
    double p[N], ref[N], worst[KL_KINDS] = {0};
    for (int y = 0; y < N; y++)
        p[y] = rng_normal(&lab->rng), ref[y] = rng_normal(&lab->rng);
    double of_p = log_sum(p, N), of_ref = log_sum(ref, N);
    for (int y = 0; y < N; y++) p[y] -= of_p, ref[y] -= of_ref;
    double kl = policy_kl(p, ref, N);
    for (int j = 0; j < N; j++) {
        double expected[KL_KINDS] = {0, exp(p[j]) * (p[j] - ref[j] - kl),
                                     exp(p[j]) - exp(ref[j])};
        for (int k = 0; k < KL_KINDS; k++) {
            double mean = 0;
            for (int y = 0; y < N; y++)
                mean += exp(p[y]) * kl_estimators[k].slope(p[y], ref[y])
                        * ((y == j) - exp(p[j]));
            worst[k] = nan_max(worst[k], fabs(mean - expected[k]));
        }
    }
    claim_near(lab, "5.67", "E grad k1, as a loss", 0, worst[KL_K1], 1e-15 * N);
    claim_near(lab, "5.67", "E grad k2 - grad KL(pi || ref)", 0, worst[KL_K2],
               1e-15 * N);
    claim_near(lab, "5.67", "E grad k3 - grad KL(ref || pi)", 0, worst[KL_K3],
               1e-15 * N);
}

static void draw(Lab *lab, Mean found[KL_KINDS][MUS]) {
    Plot *p = plot_new(lab, "kl_estimators",
                       "mu k1_deviation k2_deviation k3_deviation k2_bias k1_measured "
                       "k2_measured k3_measured");
    for (int i = 0; i < POINTS; i++) {
        double mu = 0.08 * pow(2.5 / 0.08, (double)i / (POINTS - 1)), kl = mu * mu / 2;
        plot_row(p, mu, formula(KL_K1, mu).deviation / kl,
                 formula(KL_K2, mu).deviation / kl, formula(KL_K3, mu).deviation / kl,
                 formula(KL_K2, mu).mean / kl - 1, NAN, NAN, NAN);
    }
    for (int i = 0; i < MUS; i++) {
        double kl = mus[i] * mus[i] / 2, deviations[KL_KINDS];
        for (int k = 0; k < KL_KINDS; k++)
            deviations[k] = mean_error(found[k][i]) * sqrt(found[k][i].count - 1) / kl;
        plot_row(p, mus[i], NAN, NAN, NAN, NAN, deviations[KL_K1], deviations[KL_K2],
                 deviations[KL_K3]);
    }
    plot_axes(p, "mu", "as a multiple of the KL");
    plot_set(p, "logscale xy");
    plot_line(p, "mu", "k1_deviation", "deviation of k1");
    plot_line(p, "mu", "k2_deviation", "of k2");
    plot_line(p, "mu", "k3_deviation", "of k3");
    plot_dashes(p, "mu", "k2_bias", "bias of k2");
    plot_points(p, "mu", "k1_measured", "k1, drawn");
    plot_points(p, "mu", "k2_measured", "k2, drawn");
    plot_points(p, "mu", "k3_measured", "k3, drawn");
    plot_end(p);
}

static void run(Lab *lab) {
    int draws = (int)option_int(&lab->args, "draws", 1000, 100000000);
    Mean found[KL_KINDS][MUS] = {0};
    claim_moments(lab);
    claim_at_most(lab, "5.66", "means of draws less formula, mu <= 1, standard errors",
                  5, worst_of_draws(lab, found, draws));
    claim_losses(lab);
    draw(lab, found);
}

const LabSpec lab_kl_estimators = {
    "kl-estimators", "5.8", "Three estimators of the KL, and as losses", run, options};
