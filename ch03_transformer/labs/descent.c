// Gradient descent on a parabola L = k w^2 / 2, whose gradient is g = k w. Lecture,
// section 3.9. x = lr k:
//
//     SGD        w_t = (1 - x)^t w_0                                   |w| falls for 0 < x < 2
//     momentum   w_{t+1} = (1 + beta - x) w_t - beta w_{t-1}           falls for 0 < x < 2 (1 + beta)
//
// The latter's characteristic roots have the product beta. Where they are complex, (1 -
// sqrt(beta))^2 < x < (1 + sqrt(beta))^2, both have the size sqrt(beta); and D_t =
// w_t^2 - w_{t+1} w_{t-1} obeys D_{t+1} = beta D_t for every x. Polyak (1964).
#include <math.h>

#include "ch03_transformer/optimiser.h"
#include "common/program/plot.h"

static const Option options[] = {{"momentum", "0.9", "beta"}, {0}};

static const real RATE = 0.125f;  // a power of two: lr u is exact

// One row of numbers, number i on a parabola of curvature x[i] / RATE, all beginning at
// 1.
typedef struct {
    Params params;
    Optimiser optimiser;
    int count;
    const real *x;
} Bowls;

static Bowls bowls_new(const real *x, int count, double momentum) {
    Bowls b = {.count = count, .x = x};
    params_add(&b.params, 1, count, constant(1), "w");
    params_allocate(&b.params), params_allocate_grads(&b.params),
        params_init(&b.params, &(Rng){{1, 1, 1, 1}});
    b.optimiser = optimiser_new(
        &b.params, (OptimiserSettings){.kind = OPTIMISER_SGD, .momentum = momentum});
    return b;
}

static void bowls_free(Bowls *b) {
    optimiser_free(&b->optimiser), params_free(&b->params);
}

static void descend(Bowls *b, int steps) {
    for (int t = 0; t < steps; t++) {
        for (int i = 0; i < b->count; i++)
            b->params.grads[i] = b->x[i] / RATE * b->params.values[i];
        optimiser_step(&b->optimiser, &b->params, RATE);
    }
}

// 0.05, 0.15, 0.25, ...: never 1, where SGD is at the bottom after one step.
enum { GRID = 42 };
static void grid(real *x) {
    for (int i = 0; i < GRID; i++) x[i] = (real)(0.05 + 0.1 * i);
}

// w_t against (1 - x)^t: the worst error in terms of its bound. A step rounds k w,
// relative to the new w by x / |1 - x| 2^-24, and the difference once: t times that,
// and as much again for the terms of second order.
static double sgd_error(const real *x, int steps) {
    Bowls b = bowls_new(x, GRID, 0);
    descend(&b, steps);
    double worst = 0;
    for (int i = 0; i < GRID; i++) {
        double factor = 1 - (double)x[i],
               bound = 2 * steps * (1 + x[i] / fabs(factor)) * 0x1p-24;
        worst =
            nan_max(worst, fabs(b.params.values[i] / pow(factor, steps) - 1) / bound);
    }
    bowls_free(&b);
    return worst;
}

// D_t / D_1 against beta^(t - 1), the worst in terms of its bound, where the roots are
// complex with an angle phi of sin^2(phi) >= 1/4. There D = A^2 sin^2(phi), A the
// amplitude of w; each step rounds w and u, some 4 roundings of A / sin(phi), and an
// error e of w changes D by 2 e A.
static double momentum_error(const real *x, double beta, int steps) {
    Bowls b = bowls_new(x, GRID, beta);
    double first[GRID], before[GRID], at[GRID], worst = 0;
    for (int t = 0; t <= steps; t++) {
        for (int i = 0; i < GRID; i++) {
            double after = (double)b.params.values[i],
                   d = at[i] * at[i] - after * before[i];
            double cosine = (1 + beta - x[i]) / (2 * sqrt(beta)),
                   sine2 = 1 - cosine * cosine;
            if (t == 2) first[i] = d;
            if (t > 2 && sine2 >= 0.25)
                worst = nan_max(worst, fabs(d / (first[i] * pow(beta, t - 2)) - 1)
                                           / (8 * t * 0x1p-24 / pow(sine2, 1.5)));
            before[i] = at[i], at[i] = after;
        }
        descend(&b, 1);
    }
    bowls_free(&b);
    return worst;
}

// The size of number i's state, w and the step that momentum would make by itself.
static double state_size(const Bowls *b, int i) {
    double w = fabs((double)b->params.values[i]);
    return b->optimiser.m ? fmax(w, RATE * fabs((double)b->optimiser.m[i])) : w;
}

// How many of 32 rates, evenly from 1/64 below the limit to as much above, make the
// state grow from step 100 to 300. By then the larger root has won, and grown by at
// most 1.26 a step: that is still a float.
static int diverging(double beta) {
    enum { AROUND = 32 };
    real x[AROUND];
    double early[AROUND];
    for (int i = 0; i < AROUND; i++)
        x[i] = (real)(2 * (1 + beta) * (1 + (i - AROUND / 2 + 0.5) / (32 * AROUND)));
    Bowls b = bowls_new(x, AROUND, beta);
    descend(&b, 100);
    for (int i = 0; i < AROUND; i++) early[i] = state_size(&b, i);
    descend(&b, 200);
    int grew = 0;
    for (int i = 0; i < AROUND; i++) grew += state_size(&b, i) > early[i];
    bowls_free(&b);
    return grew;
}

// What a step multiplies the state (w, lr u) by in the long run: power iteration.
static void rates(double *rate, const real *x, double beta) {
    enum { SKIP = 100, STEPS = 500 };
    Bowls b = bowls_new(x, GRID, beta);
    for (int i = 0; i < GRID; i++) rate[i] = 0;
    for (int t = 0; t < STEPS; t++) {
        descend(&b, 1);
        for (int i = 0; i < GRID; i++) {
            double size = state_size(&b, i);
            b.params.values[i] /= (real)size;
            if (b.optimiser.m) b.optimiser.m[i] /= (real)size;
            if (t >= SKIP) rate[i] += log(size) / (STEPS - SKIP);
        }
    }
    for (int i = 0; i < GRID; i++) rate[i] = exp(rate[i]);
    bowls_free(&b);
}

// The larger size of the roots of r^2 - (1 + beta - x) r + beta.
static double spectral_radius(double x, double beta) {
    double half = (1 + beta - x) / 2, d = half * half - beta;
    return d < 0 ? sqrt(beta) : fabs(half) + sqrt(d);
}

static void draw(Lab *lab, const real *x, double beta) {
    double plain[GRID], heavy[GRID];
    rates(plain, x, 0), rates(heavy, x, beta);
    Plot *p = plot_new(lab, "descent", "x sgd momentum sgd_root momentum_root");
    enum { FINE = 10 };  // ten points of a line for each measured one
    for (int i = 0; i < GRID * FINE; i++) {
        double at = 0.01 * i + 0.005;
        bool measured = i % FINE == FINE / 2 - 1;
        if (measured) at = (double)x[i / FINE];
        plot_row(p, at, measured ? plain[i / FINE] : NAN,
                 measured ? heavy[i / FINE] : NAN, fabs(1 - at),
                 spectral_radius(at, beta));
    }
    plot_axes(p, "learning rate x curvature", "|w| after a step / before");
    plot_set(p, "yrange [0:1.6]"), plot_set(p, "xrange [0:4.2]");
    plot_set(p, "arrow 1 from 0, 1 to 4.2, 1 nohead dashtype 3");
    plot_line(p, "x", "sgd_root", "|1 - x|"),
        plot_line(p, "x", "momentum_root", "larger root");
    plot_points(p, "x", "sgd", "SGD"), plot_points(p, "x", "momentum", "with momentum");
    plot_end(p);
}

static void run(Lab *lab) {
    double beta = (double)(real)option_real(&lab->args, "momentum", 0.05, 0.95);
    real x[GRID];
    grid(x);
    claim_at_most(lab, "3.60", "SGD: w_20 / (1 - lr k)^20 - 1, worst over its bound", 1,
                  sgd_error(x, 20));
    claim_equal(lab, "3.60", "rates around 2 / k that diverge, of 32", 16,
                diverging(0));
    claim_at_most(lab, "3.61", "momentum: D_t / beta^t D_0 - 1, worst over its bound",
                  1, momentum_error(x, beta, 60));
    claim_equal(lab, "3.61", "rates around 2 (1 + beta) / k that diverge, of 32", 16,
                diverging(beta));
    draw(lab, x, beta);
}

const LabSpec lab_descent = {
    "descent", "3.9", "Gradient descent on a parabola, without and with momentum", run,
    options};
