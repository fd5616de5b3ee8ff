// How much a row teaches: CLM predicts every token, MLM 15 % of them. Lecture, section 4.12.
//
//     SE of a mean over m of T tokens / SE over all T
//         = sqrt[ (1/m + rho (1 - 1/m)) / (1/T + rho (1 - 1/T)) ]
//
// rho: the correlation of two losses of one row; 0: sqrt(T / m).
#include <math.h>
#include <stdlib.h>

#include "ch04_pretrain/language.h"
#include "ch04_pretrain/objective.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { TIME = 120, CHOSEN = 18, ROWS = 400, BATCH = 50 };  // 18 = 0.15 x 120

static const Option options[] = {
    {"replicates", "10000", "rows of simulated losses, for each correlation"}, {0}};

// Targets in so many rows, as the batch builder counts them.
static long long targets(ObjectiveKind kind, Data *d, uint64_t seed) {
    ObjectiveSettings s = {.kind = kind, .rng = rng_new(seed)};
    Batch b = objective_batch_new(&s, BATCH, d->time);
    long long counted = 0;
    for (int n = 0; n < ROWS; n += BATCH)
        objective_fill(&b, &s, d, n), counted += b.counted;
    batch_free(&b);
    return counted;
}

static void claim_counts(Lab *lab) {
    const double SHARE = 0.15;
    Language l = language_new(LANGUAGE_MARKOV, NULL);
    Data d = data_of_language(&l, TIME, lab->seed);
    claim_equal(lab, "4.68", "CLM: targets in 400 rows of 120", ROWS * TIME,
                targets(OBJECTIVE_CLM, &d, lab->seed));
    // a row's END is never selected; the rest independently: binomial, 5 SE
    double can = ROWS * (TIME - 1);
    claim_near(lab, "4.68", "MLM: 0.15 of those that can be selected", SHARE * can,
               (double)targets(OBJECTIVE_MLM, &d, lab->seed),
               5 * sqrt(can * SHARE * (1 - SHARE)));
    data_free(&d), language_free(&l);
}

static double derived_ratio(double rho) {
    double m = CHOSEN, t = TIME;
    return sqrt((1 / m + rho * (1 - 1 / m)) / (1 / t + rho * (1 - 1 / t)));
}

// The mean of a row's losses, over all and over the first m: which ones makes no
// difference, since all pairs are alike.
static void row_means(Rng *rng, double rho, double *all, double *some) {
    double shared = sqrt(rho) * rng_normal(rng), sum = 0;
    for (int i = 0; i < TIME; i++) {
        sum += shared + sqrt(1 - rho) * rng_normal(rng);
        if (i + 1 == CHOSEN) *some = sum / CHOSEN;
    }
    *all = sum / TIME;
}

// The ratio of the two means' standard deviations. Of n replicates each of these is off by
// 1/sqrt(2 n) of itself, so the ratio by at most 1/sqrt(n) of itself.
static double simulated_ratio(Rng *rng, double rho, long replicates) {
    Mean all = {0}, some = {0};
    for (long r = 0; r < replicates; r++) {
        double a, s = 0;
        row_means(rng, rho, &a, &s);
        mean_add(&all, a), mean_add(&some, s);
    }
    return mean_error(some) / mean_error(all);
}

static const double correlations[] = {0, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2};
enum { POINTS = sizeof correlations / sizeof *correlations, LINE = 80 };

static void simulate(Lab *lab, long replicates, double found[POINTS]) {
    for (int i = 0; i < POINTS; i++) {
        double rho = correlations[i], expected = derived_ratio(rho);
        char what[64];
        found[i] = simulated_ratio(&lab->rng, rho, replicates);
        snprintf(what, sizeof what, "SE of 18 over SE of 120 losses, rho = %g", rho);
        if (i % 2 == 0)
            claim_near(lab, "4.69", what, expected, found[i],
                       5 * expected / sqrt((double)replicates));
    }
}

static void draw(Lab *lab, long replicates, const double found[POINTS]) {
    Plot *p = plot_new(lab, "signal", "rho derived independent at simulated error");
    for (int i = 0; i <= LINE; i++) {
        double rho = 0.2 * pow((double)i / LINE, 2);
        bool here = i < POINTS;
        plot_row(p, rho, derived_ratio(rho), derived_ratio(0),
                 here ? correlations[i] : NAN, here ? found[i] : NAN,
                 here ? found[i] / sqrt((double)replicates) : NAN);
    }
    plot_axes(p, "correlation of two losses of one row",
              "SE, 18 targets / 120 targets");
    plot_set(p, "yrange [1:*]");
    plot_line(p, "rho", "derived", "derived");
    plot_dashes(p, "rho", "independent", "independent: sqrt(120/18)");
    plot_errors(p, "at", "simulated", "error", "simulated");
    plot_end(p);
}

static void run(Lab *lab) {
    long replicates = option_int(&lab->args, "replicates", 100, 10000000);
    double found[POINTS];
    claim_counts(lab);
    simulate(lab, replicates, found);
    draw(lab, replicates, found);
}

const LabSpec lab_signal = {"signal", "4.12", "How much a row teaches", run, options};
