// A proxy that is followed too far. Lecture, section 5.14.
//
// An answer is a number u, N(0, 1). The proxy pays u. The truth is  a u - b (u^2 - 1):
// more is better, up to a point, and on average over answers both are 0.
//
//     best of n   the law of the largest of n normals: E by quadrature
//     RL          the proxy's tilt e^(t u) / Z is N(t, 1): KL = t^2 / 2, gold = a t - b t^2
//
// With d = sqrt(KL) the tilt's gold is  d (sqrt(2) a - 2 b d), exactly: a parabola, as
// in Gao et al. (2022), arXiv:2210.10760, whose fit to best-of-n is d (alpha - beta d).
#include <math.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/best_of_n.h"
#include "common/numeric/least_squares.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

static const Option options[] = {{"a", "1", "the truth's slope"},
                                 {"b", "0.25", "the truth's bend"},
                                 {"draws", "20000", "groups, at each n that is drawn"},
                                 {0}};

typedef struct {
    double a, b;
} Truth;

static double gold(Truth t, double u) { return t.a * u - t.b * (u * u - 1); }

// ---- best of n

enum { CELLS = 40000 };
static const double REACH = 10;

typedef struct {
    double proxy, gold;
} Reward;

// ln of the normal distribution function, without underflow in its lower tail.
static double log_phi(double u) { return log(0.5 * erfc(-u / sqrt(2))); }

// The density of the largest is n phi(u) Phi(u)^(n - 1): the midpoint rule, which for a
// smooth function that ends at 0 converges faster than any power.
static Reward best_of(Truth t, double n) {
    Reward r = {0};
    double width = 2 * REACH / CELLS;
    for (int i = 0; i < CELLS; i++) {
        double u = -REACH + width * (i + 0.5);
        double mass =
            width
            * exp(log(n) - u * u / 2 - 0.5 * log(2 * M_PI) + (n - 1) * log_phi(u));
        r.proxy += mass * u, r.gold += mass * gold(t, u);
    }
    return r;
}

// The n in 1 .. most with the most gold.
static int peak_of(Truth t, int most, double *height) {
    int at = 1;
    *height = -INFINITY;
    for (int n = 1; n <= most; n++) {
        double g = best_of(t, n).gold;
        if (g > *height) *height = g, at = n;
    }
    return at;
}

// n at which gold is back at 0.
static double zero_of(Truth t) {
    double low = 100, high = 1e7;
    for (int i = 0; i < 60; i++) {
        double n = sqrt(low * high);
        if (best_of(t, n).gold > 0) low = n;
        else high = n;
    }
    return high;
}

// alpha and beta of d (alpha - beta d), by least squares over n = 2, 4 .. 64; returns
// the largest residual.
static double fit(Truth t, double x[2]) {
    enum { FITTED = 6 };
    double a[2 * FITTED], y[FITTED], worst = 0, copy[2 * FITTED], gold_of[FITTED];
    for (int k = 0; k < FITTED; k++) {
        double n = 2 << k, d = sqrt(best_of_kl(n));
        copy[2 * k] = a[2 * k] = d, copy[2 * k + 1] = a[2 * k + 1] = -d * d;
        gold_of[k] = y[k] = best_of(t, n).gold;
    }
    least_squares(x, a, y, FITTED, 2);
    for (int k = 0; k < FITTED; k++)
        worst =
            fmax(worst, fabs(gold_of[k] - copy[2 * k] * x[0] - copy[2 * k + 1] * x[1]));
    return worst;
}

static Mean drawn(Truth t, int n, int draws, Rng *rng) {
    Mean m = {0};
    for (int i = 0; i < draws; i++) {
        double most = -INFINITY;
        for (int k = 0; k < n; k++) most = fmax(most, rng_normal(rng));
        mean_add(&m, gold(t, most));
    }
    return m;
}

// ---- the tilt, summed

// E gold and KL of e^(t u) phi(u) / Z, by sums: nothing of the closed form is used.
static double tilted(Truth t, double tilt, double *kl) {
    double width = 2 * REACH / CELLS, z = 0, proxy = 0, sum = 0;
    for (int i = 0; i < CELLS; i++) {
        double u = -REACH + width * (i + 0.5);
        double mass = width * exp(tilt * u - u * u / 2) / sqrt(2 * M_PI);
        z += mass, proxy += mass * u, sum += mass * gold(t, u);
    }
    *kl = tilt * proxy / z - log(z);
    return sum / z;
}

static void claim_tilt(Lab *lab, Truth t) {
    double worst = 0;
    for (int i = 1; i <= 12; i++) {
        double kl, found = tilted(t, 0.25 * i, &kl), d = sqrt(kl);
        worst = nan_max(worst, fabs(found - d * (sqrt(2) * t.a - 2 * t.b * d)));
    }
    // sums of 40,000 terms below 1
    claim_near(lab, "5.125", "RL: gold - d (sqrt(2) a - 2 b d), largest", 0, worst,
               1e-10);
}

static void claim_best(Lab *lab, Truth t) {
    double height, x[2];
    int peak = peak_of(t, 64, &height);
    claim_near(lab, "5.126", "best of n: n at which gold is highest, 32 or 33", 32.5,
               peak, 0.5);
    // to the last digit that is printed
    claim_near(lab, "5.126", "and how high it is", 1.1884, height, 5e-5);
    claim_at_most(lab, "5.126", "n = 65536: gold is below that of one answer", 0,
                  best_of(t, 65536).gold);
    lab_print(lab, "gold is back at 0 at n = %.0f", zero_of(t));
    double off = fit(t, x);
    lab_print(lab, "d (alpha - beta d) for n <= 64: alpha %.3f, beta %.3f", x[0], x[1]);
    // the law of the figure, not of the derivation: a fortieth of the peak
    claim_at_most(lab, "5.127", "n <= 64: fit d (alpha - beta d), largest residual",
                  0.03, off);
}

static void run(Lab *lab) {
    enum { DOUBLINGS = 16, DRAWN = 8 };
    Truth t = {option_real(&lab->args, "a", 0.01, 100),
               option_real(&lab->args, "b", 0, 100)};
    int draws = (int)option_int(&lab->args, "draws", 10, 100000000);
    claim_tilt(lab, t);
    if (lab_at_defaults(lab)) claim_best(lab, t);
    Plot *p = plot_new(lab, "over_optimisation",
                       "distance proxy gold drawn drawn_error tilt_gold tilt_proxy");
    double worst = 0;
    for (int k = 0; k <= DOUBLINGS; k++) {
        int n = 1 << k;
        Reward r = best_of(t, n);
        Mean m = {0};
        if (k > 0 && k <= DRAWN) {
            m = drawn(t, n, draws >> (k / 2), &lab->rng);
            worst = nan_max(worst, fabs(mean_of(m) - r.gold) / mean_error(m));
        }
        plot_row(p, sqrt(best_of_kl(n)), r.proxy, r.gold, m.count ? mean_of(m) : NAN,
                 m.count ? mean_error(m) : NAN, NAN, NAN);
    }
    // five standard errors, eight of them
    claim_at_most(lab, "5.128", "best of 2 .. 256, drawn: gold off by standard errors",
                  5, worst);
    for (int i = 0; i <= 60; i++) {
        double d = 3.2 * i / 60;
        plot_row(p, d, NAN, NAN, NAN, NAN, d * (sqrt(2) * t.a - 2 * t.b * d),
                 sqrt(2) * d);
    }
    plot_axes(p, "square root of KL", "reward");
    plot_set(p, "yrange [-1:5]");
    plot_dashes(p, "distance", "proxy", "best of n: proxy");
    plot_line(p, "distance", "gold", "best of n: gold");
    plot_dashes(p, "distance", "tilt_proxy", "RL: proxy");
    plot_line(p, "distance", "tilt_gold", "RL: gold");
    plot_errors(p, "distance", "drawn", "drawn_error", "best of n, drawn");
    plot_end(p);
}

const LabSpec lab_over_optimisation = {
    "over-optimisation", "5.14", "A proxy that is followed too far", run, options};
