#include "ch04_pretrain/scaling_fit.h"

#include <math.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/numeric/least_squares.h"

static const double DELTA = 1e-3;  // Huber's, as in Hoffmann et al.
enum { TERMS = 3, REPEATS = 6, GRID = 10, FINER = 7 };
static const double LEAST_EXPONENT = 0.05, MOST_EXPONENT = 3, NARROWER = 0.35;

static double huber(double r) {
    double size = fabs(r);
    return size < DELTA ? r * r / 2 : DELTA * (size - DELTA / 2);
}

double scaling_error(const ScalingLaw *l, const ScalingRun *run) {
    return scaling_loss(l, run->budget) / run->loss - 1;
}

double scaling_misfit(const ScalingLaw *l, const ScalingRun *runs, int count) {
    double sum = 0;
    for (int i = 0; i < count; i++) sum += huber(scaling_error(l, &runs[i]));
    return sum;
}

// Runs, and both terms of each for some exponents: N^-alpha and D^-beta.
typedef struct {
    const ScalingRun *runs;
    int count;
    double floor;  // known, or NAN
    double *by_size, *by_length, *weights;
} Fit;

// One weighted least squares for E, A and B, or for A and B alone. False: undetermined.
static bool solve(ScalingLaw *l, const Fit *f) {
    bool known = !isnan(f->floor);
    int terms = known ? TERMS - 1 : TERMS;
    double *a = allocate((size_t)(f->count * terms), sizeof *a),
           *y = allocate((size_t)f->count, sizeof *y), x[TERMS] = {0};
    for (int i = 0; i < f->count; i++) {
        double w = sqrt(f->weights[i]) / f->runs[i].loss, *row = a + i * terms;
        row[0] = w * f->by_size[i], row[1] = w * f->by_length[i];
        if (!known) row[2] = w;
        y[i] = w * (f->runs[i].loss - (known ? f->floor : 0));
    }
    bool ok = least_squares(x, a, y, f->count, terms);
    free(a), free(y);
    l->a = x[0], l->b = x[1], l->floor = known ? f->floor : x[2];
    return ok;
}

// E, A and B for l's exponents; returns the misfit, INFINITY where a term is negative:
// by a law of this kind more is better.
static double solve_terms(ScalingLaw *l, const Fit *f) {
    double misfit = INFINITY;
    for (int i = 0; i < f->count; i++) {
        f->by_size[i] = pow(f->runs[i].budget.parameters, -l->alpha);
        f->by_length[i] = pow(f->runs[i].budget.tokens, -l->beta);
        f->weights[i] = 1;
    }
    for (int k = 0; k < REPEATS; k++) {
        if (!solve(l, f)) return INFINITY;
        misfit = 0;
        for (int i = 0; i < f->count; i++) {
            double loss = l->floor + l->a * f->by_size[i] + l->b * f->by_length[i],
                   off = fabs(loss / f->runs[i].loss - 1);
            f->weights[i] = off > DELTA ? DELTA / off : 1;
            misfit += huber(off);
        }
    }
    return l->a > 0 && l->b > 0 && l->floor >= 0 ? misfit : INFINITY;
}

// The best law with exponents of a grid around (a, b), logarithms, which move to its
// own.
static void search(ScalingLaw *best, double *least, double *a, double *b, double step,
                   const Fit *f) {
    double at_a = *a, at_b = *b;
    for (int i = -GRID / 2; i <= GRID / 2; i++)
        for (int j = -GRID / 2; j <= GRID / 2; j++) {
            ScalingLaw l = {"fitted", .alpha = exp(at_a + i * step),
                            .beta = exp(at_b + j * step)};
            double misfit = solve_terms(&l, f);
            if (misfit >= *least) continue;
            *least = misfit, *best = l, *a = at_a + i * step, *b = at_b + j * step;
        }
}

ScalingLaw scaling_fit(const ScalingRun *runs, int count, double floor) {
    Fit f = {runs, count, floor};
    f.by_size = allocate((size_t)count, sizeof *f.by_size);
    f.by_length = allocate((size_t)count, sizeof *f.by_length);
    f.weights = allocate((size_t)count, sizeof *f.weights);
    ScalingLaw best = {"fitted", .floor = NAN};
    double least = INFINITY, wide = log(MOST_EXPONENT / LEAST_EXPONENT),
           a = log(LEAST_EXPONENT) + wide / 2, b = a;
    for (int k = 0; k < FINER; k++)
        search(&best, &least, &a, &b, wide / GRID * pow(NARROWER, k), &f);
    free(f.by_size), free(f.by_length), free(f.weights);
    return best;
}

void scaling_fit_again(ScalingLaw *fits, int times, const ScalingRun *runs, int count,
                       double floor, const Rng *rng) {
#pragma omp parallel for schedule(dynamic)
    for (int k = 0; k < times; k++) {
        Rng stream = rng_split(rng, (uint64_t)k);
        ScalingRun *drawn = allocate((size_t)count, sizeof *drawn);
        for (int i = 0; i < count; i++) drawn[i] = runs[rng_below(&stream, count)];
        fits[k] = scaling_fit(drawn, count, floor);
        free(drawn);
    }
}
