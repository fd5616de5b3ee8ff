// Rewards from choices: how well they are found, and what cannot be. Lecture, section 5.4.
//
// Rewards are planted, pairs of answers compared, and the most likely rewards fitted by
// Zermelo's iteration. Their errors are those that Fisher's information predicts. A
// constant per prompt is invisible.
#include "ch05_sft_rlhf/bradley_terry.h"

#include <math.h>
#include <string.h>

#include "ch03_transformer/labs/defaults.h"
#include "common/numeric/fit.h"
#include "common/numeric/least_squares.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { ANSWERS = 6, SIZES = 6, FIRST = 500 };

static const Option options[] = {
    {"tables", "60", "sets of rewards to plant, for each number of choices"},
    {"spread", "1", "standard deviation of the rewards"},
    {0}};

// n choices between two different answers each.
static void choose(const double *rewards, long n, Rng *rng, double *wins) {
    memset(wins, 0, ANSWERS * ANSWERS * sizeof *wins);
    for (long i = 0; i < n; i++) {
        int a = rng_below(rng, ANSWERS), b = rng_below(rng, ANSWERS - 1);
        if (b >= a) b++;
        bool first = rng_uniform(rng) < logistic(rewards[a] - rewards[b]);
        wins[first ? a * ANSWERS + b : b * ANSWERS + a]++;
    }
}

// Fisher's information about the differences: x^T I x = sum over the choices of
// sigma(r_i - r_j) sigma(r_j - r_i) (x_i - x_j)^2.
static double information(const double *rewards, const double *wins, const double *x) {
    double sum = 0;
    for (int i = 0; i < ANSWERS; i++)
        for (int j = 0; j < ANSWERS; j++) {
            double delta = rewards[i] - rewards[j], off = x[i] - x[j];
            sum +=
                wins[i * ANSWERS + j] * logistic(delta) * logistic(-delta) * off * off;
        }
    return sum;
}

// The mean square error that information allows on average: the trace of the inverse of
// its matrix, where rewards sum to 0, over the number of answers. (Adding a 1 / ANSWERS
// everywhere makes the matrix regular, and adds 1 to the trace.)
static double error_allowed(const double *rewards, const double *wins) {
    double trace = 0;
    for (int k = 0; k < ANSWERS; k++) {
        double m[ANSWERS * ANSWERS], unit[ANSWERS] = {0}, column[ANSWERS];
        for (int i = 0; i < ANSWERS * ANSWERS; i++) m[i] = 1.0 / ANSWERS;
        for (int i = 0; i < ANSWERS; i++)
            for (int j = 0; j < ANSWERS; j++) {
                double delta = rewards[i] - rewards[j];
                double w = (wins[i * ANSWERS + j] + wins[j * ANSWERS + i])
                           * logistic(delta) * logistic(-delta);
                m[i * ANSWERS + i] += w, m[i * ANSWERS + j] -= w;
            }
        unit[k] = 1;
        least_squares(column, m, unit, ANSWERS, ANSWERS);
        trace += column[k];
    }
    return (trace - 1) / ANSWERS;
}

// Of many tables: chi-squared of the errors, their mean square, and the allowed one.
typedef struct {
    Mean chi, square, allowed;
} Errors;

// Multiples of 2^-20, so that adding 1024 is exact.
static double plant(double spread, Rng *rng) {
    return round(0x1p20 * spread * rng_normal(rng)) / 0x1p20;
}

static void add_table(Errors *e, long n, double spread, Rng rng) {
    double planted[ANSWERS], found[ANSWERS], off[ANSWERS], wins[ANSWERS * ANSWERS];
    double mean = 0, square = 0;
    for (int i = 0; i < ANSWERS; i++) planted[i] = plant(spread, &rng);
    for (int i = 0; i < ANSWERS; i++) mean += planted[i] / ANSWERS;
    choose(planted, n, &rng, wins);
    bradley_terry_fit(wins, ANSWERS, found);
    for (int i = 0; i < ANSWERS; i++) {
        off[i] = found[i] - (planted[i] - mean);
        square += off[i] * off[i] / ANSWERS;
    }
    mean_add(&e->chi, information(planted, wins, off));
    mean_add(&e->square, square);
    mean_add(&e->allowed, error_allowed(planted, wins));
}

static void measure(Lab *lab, Errors errors[SIZES], int tables, double spread) {
    for (int s = 0; s < SIZES; s++)
        for (int k = 0; k < tables; k++)
            add_table(&errors[s], (long)FIRST << s, spread,
                      rng_split(&lab->rng, (uint64_t)(s * tables + k)));
}

static void claim_errors(Lab *lab, const Errors errors[SIZES]) {
    double n[SIZES], rms[SIZES], by[SIZES], slope_error;
    Mean chi = {0};
    for (int s = 0; s < SIZES; s++) {
        n[s] = (double)((long)FIRST << s);
        rms[s] = sqrt(mean_of(errors[s].square));
        // of a square root: half the relative error
        by[s] = mean_error(errors[s].square) / mean_of(errors[s].square) / 2;
        if (s >= 2) mean_join(&chi, errors[s].chi);
    }
    // Chi-squared with a degree of freedom for each answer but one: five standard
    // errors of its mean. From 2000 choices on, where the errors are small enough.
    claim_near(lab, "5.20", "errors by Fisher's information: chi^2 of 5 contrasts",
               ANSWERS - 1, mean_of(chi), 5 * mean_error(chi));
    double slope = log_slope(n, rms, by, SIZES, &slope_error);
    claim_near(lab, "5.21", "rms error against choices: exponent", -0.5, slope,
               5 * slope_error);
    if (lab_at_defaults(lab))
        claim_at_least(lab, "5.21", "and 0 is this many standard errors away", 5,
                       -slope / slope_error);
}

// The same draws where every answer is worth 1024 more.
static void claim_shift(Lab *lab, double spread) {
    double planted[ANSWERS], wins[ANSWERS * ANSWERS], found[2][ANSWERS], worst = 0;
    Rng rng = rng_split(&lab->rng, 1);
    for (int i = 0; i < ANSWERS; i++) planted[i] = plant(spread, &rng);
    for (int k = 0; k < 2; k++) {
        Rng same = rng;
        choose(planted, FIRST, &same, wins);
        bradley_terry_fit(wins, ANSWERS, found[k]);
        for (int i = 0; i < ANSWERS; i++) planted[i] += 1024;
    }
    for (int i = 0; i < ANSWERS; i++)
        worst = nan_max(worst, fabs(found[0][i] - found[1][i]));
    claim_near(lab, "5.22", "rewards fitted where all are worth 1024 more: differ by",
               0, worst, 0);
}

static void draw(Lab *lab, const Errors errors[SIZES]) {
    Plot *p = plot_new(lab, "bradley_terry", "choices error error_se derived");
    for (int s = 0; s < SIZES; s++) {
        double rms = sqrt(mean_of(errors[s].square));
        plot_row(p, (double)((long)FIRST << s), rms,
                 mean_error(errors[s].square) / (2 * rms),
                 sqrt(mean_of(errors[s].allowed)));
    }
    plot_axes(p, "choices", "rms error of six rewards");
    plot_set(p, "logscale xy");
    plot_line(p, "choices", "derived", "by Fisher's information");
    plot_errors(p, "choices", "error", "error_se", "fitted rewards");
    plot_end(p);
}

static void run(Lab *lab) {
    int tables = (int)option_int(&lab->args, "tables", 4, 10000);
    double spread = option_real(&lab->args, "spread", 0.01, 4);
    Errors errors[SIZES] = {0};
    measure(lab, errors, tables, spread);
    claim_errors(lab, errors);
    claim_shift(lab, spread);
    draw(lab, errors);
}

const LabSpec lab_bradley_terry = {"bradley-terry", "5.4", "Rewards from choices", run,
                                   options};
