// Power laws without a network: a learner that keeps what it has seen, of a world whose
// facts have powers for frequencies. Lecture, section 4.24.
//
//     fact i has probability p_i = c i^-(1+a). A learner with room for N facts that has
//     seen D of them errs on fact i > N always, on i <= N if it was not among the D:
//
//     error(N, D) = sum over i <= N of p_i (1 - p_i)^D + sum over i > N of p_i
//                   falls as D^(-a/(1+a)) and as N^-a
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/numeric/fit.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { FACTS = 1 << 20, POINTS = 11, WORLDS = 3, RUNS = 30, BUDGETS = 9 };

static const double exponents[WORLDS] = {0.5, 1, 2};

typedef struct {
    double a;
    double *p, *beyond;  // [FACTS + 1]: of fact i; of all facts from i on
} World;

static World world_new(double a) {
    World w = {a, allocate(FACTS + 1, sizeof(double)),
               allocate(FACTS + 1, sizeof(double))};
    double sum = 0;
    for (int i = 0; i < FACTS; i++) sum += w.p[i] = pow(i + 1, -(1 + a));
    for (int i = FACTS - 1; i >= 0; i--) {
        w.p[i] /= sum;
        w.beyond[i] = w.beyond[i + 1] + w.p[i];
    }
    return w;
}
static void world_free(World *w) { free(w->p), free(w->beyond); }

static double error_of(const World *w, int n, double d) {
    double sum = w->beyond[n];
    for (int i = 0; i < n; i++) sum += w->p[i] * exp(d * log1p(-w->p[i]));
    return sum;
}

// By throwing: D facts are drawn; the error is the weight of the facts that were not.
static double error_drawn(const World *w, Rng *rng, int d, unsigned char *seen) {
    double error = 1;
    for (int i = 0; i < FACTS; i++) seen[i] = 0;
    for (int k = 0; k < d; k++) {
        double left =
            1 - rng_uniform(rng);  // the fact whose beyond is the last >= left
        int low = 0, high = FACTS;
        while (high - low > 1) {
            int middle = (low + high) / 2;
            if (w->beyond[middle] >= left) low = middle;
            else high = middle;
        }
        if (!seen[low]) error -= w->p[low], seen[low] = 1;
    }
    return error;
}

// ---- claims

static void claim_drawn(Lab *lab, const World *w) {
    enum { DRAWS = 1000 };
    unsigned char *seen = allocate(FACTS, 1);
    Mean m = {0};
    for (int r = 0; r < RUNS; r++) mean_add(&m, error_drawn(w, &lab->rng, DRAWS, seen));
    claim_near(lab, "4.122", "a = 1: error after 1000 facts, drawn",
               error_of(w, FACTS, DRAWS), mean_of(m), 5 * mean_error(m));
    free(seen);
}

// Slopes over eight octaves, the first two left out: what is left of other terms was
// found below 0.01 (the rival exponents, 0 and twice as much, are far away).
static double slope_of(const double *x, const double *y) {
    return log_slope(x + 2, y + 2, NULL, POINTS - 2, NULL);
}

static void measure(const World *w, double *data, double *size, double *by_data,
                    double *by_size) {
    for (int k = 0; k < POINTS; k++) {
        data[k] = ldexp(64, k), size[k] = ldexp(4, k);
        by_data[k] = error_of(w, FACTS, data[k]);
        by_size[k] = w->beyond[(int)size[k]];
    }
}

// For C = N D the best N grows as C^(1 / (2 + a)): what equal gains say, with the exponents
// a and a / (1 + a).
static double best_size(const World *w, double budget) {
    double best = INFINITY, at = 0;
    for (double step = log(4); step <= log(1 << 14); step += 0.02) {
        int n = (int)lround(exp(step));
        double e = error_of(w, n, budget / n);
        if (e < best) best = e, at = n;
    }
    return at;
}

static void claim_budget(Lab *lab, const World *w) {
    double budget[BUDGETS], n[BUDGETS];
    for (int k = 0; k < BUDGETS; k++) {
        budget[k] = ldexp(1 << 14, k), n[k] = best_size(w, budget[k]);
        lab_progress(lab, k + 1, BUDGETS);
    }
    // steps of 2 % in n, over eight octaves; the next terms were found to be 0.01
    claim_near(lab, "4.124", "a = 1: N of the least error ~ C^(1 / (2 + a))",
               1 / (2 + w->a), log_slope(budget + 1, n + 1, NULL, BUDGETS - 1, NULL),
               0.02);
}

static void run(Lab *lab) {
    Plot *p = plot_new(lab, "power_laws", "data d1 d2 d3 size n1 n2 n3 l1 l2 l3");
    double data[POINTS], size[POINTS], d[WORLDS][POINTS], n[WORLDS][POINTS];
    char what[80];
    for (int k = 0; k < WORLDS; k++) {
        World w = world_new(exponents[k]);
        double a = w.a;
        measure(&w, data, size, d[k], n[k]);
        snprintf(what, sizeof what, "a = %g: error ~ D^-a/(1+a)", a);
        claim_near(lab, "4.123", what, -a / (1 + a), slope_of(data, d[k]), 0.02);
        snprintf(what, sizeof what, "a = %g: error ~ N^-a", a);
        claim_near(lab, "4.123", what, -a, slope_of(size, n[k]), 0.02);
        if (a == 1) claim_drawn(lab, &w), claim_budget(lab, &w);
        world_free(&w);
    }
    double last = POINTS - 1;
    for (int i = 0; i < POINTS; i++) {
        double line[WORLDS];
        for (int k = 0; k < WORLDS; k++) {
            double a = exponents[k];
            line[k] = d[k][(int)last] * pow(data[i] / data[(int)last], -a / (1 + a));
        }
        plot_row(p, data[i], d[0][i], d[1][i], d[2][i], size[i], n[0][i], n[1][i],
                 n[2][i], line[0], line[1], line[2]);
    }
    plot_axes(p, "D: facts read", "error");
    plot_set(p, "xrange [30:200000]");
    plot_set(p, "logscale xy");
    plot_line(p, "data", "l1", "D^{-1/3}"), plot_line(p, "data", "l2", "D^{-1/2}");
    plot_line(p, "data", "l3", "D^{-2/3}"), plot_points(p, "data", "d1", "a = 0.5");
    plot_points(p, "data", "d2", "a = 1"), plot_points(p, "data", "d3", "a = 2");
    plot_end(p);
}

const LabSpec lab_power_laws = {"power-laws", "4.24", "Power laws without a network",
                                run, NULL};
