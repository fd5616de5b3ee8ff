// Zipf's law, and why a list of words is never complete. Lecture, section 1.9.
//
// The word of rank r has probability p_r = r^-a / sum. A text of n words has this many
// distinct ones:
//
//     E types(n) = sum over r of 1 - (1 - p_r)^n                                     (Heaps' curve)
//
// and a further word is a new one with probability sum p_r (1 - p_r)^n: the share of
// words out of vocabulary. Ranks' indicators are negatively associated (Joag-Dev and
// Proschan, 1983): the variance of a sum over ranks is at most the sum of the
// variances, q (1 - q) with q = (1 - p_r)^n.
#include <math.h>
#include <stdlib.h>

#include "ch01_tokenizer/zipf_words.h"
#include "common/error.h"
#include "common/program/plot.h"

enum { EXPONENTS = 3, POINTS = 9 };
static const int lengths[POINTS] = {10, 30, 100, 300, 1000, 3000, 10000, 30000, 100000};
enum { AT_1E4 = 6, AT_1E5 = 8 };

static const Option options[] = {{"ranks", "50000", "words in the language"}, {0}};

typedef struct {
    double mean, variance;  // of a count; the variance is a bound
} Moments;

static Moments types_moments(const Zipf *z, double n) {
    Moments m = {0};
    for (int r = 0; r < z->ranks; r++) {
        double missing = exp(n * log1p(-z->p[r]));
        m.mean += 1 - missing;
        m.variance += missing * (1 - missing);
    }
    return m;
}

// Of `tested` words after n others, how many are new: given the first n, each is with
// probability U = sum of p_r over the missing r, so Var <= tested E[U] + tested^2
// Var[U], Var[U] <= sum p_r^2 q (1 - q).
static Moments unseen_moments(const Zipf *z, double n, double tested) {
    double mean = 0, variance = 0;
    for (int r = 0; r < z->ranks; r++) {
        double missing = exp(n * log1p(-z->p[r]));
        mean += z->p[r] * missing;
        variance += z->p[r] * z->p[r] * missing * (1 - missing);
    }
    return (Moments){tested * mean, tested * mean + tested * tested * variance};
}

typedef struct {
    double a;
    double types[POINTS];
    Moments expected[POINTS];
    double top, top_p;  // how often rank 1 occurs in 10^5 words, and its probability
    double unseen;      // of 10^5 further words
    Moments unseen_expected;
} Run;

static Run run_text(Rng *rng, int ranks, double a) {
    Zipf z = zipf_new(ranks, a);
    char *seen = allocate((size_t)ranks, 1);
    Run run = {.a = a, .top_p = z.p[0]};
    int types = 0, drawn = 0;
    for (int i = 0; i < POINTS; i++) {
        for (; drawn < lengths[i]; drawn++) {
            int r = zipf_draw(&z, rng);
            types += !seen[r];
            run.top += r == 0;
            seen[r] = 1;
        }
        run.types[i] = types;
        run.expected[i] = types_moments(&z, drawn);
    }
    for (int i = 0; i < lengths[AT_1E5]; i++) run.unseen += !seen[zipf_draw(&z, rng)];
    run.unseen_expected = unseen_moments(&z, drawn, lengths[AT_1E5]);
    free(seen);
    zipf_free(&z);
    return run;
}

static double slope(double from, double to) { return log(to / from) / log(10); }

// Below one word the resolution of a count is its error.
static double deviation(Moments m) { return fmax(sqrt(m.variance), 1); }

// The error of ln types is sd / types; covariance can at worst add the two ends'
// errors.
static double slope_error(const Run *run) {
    double error = 0;
    for (int i = AT_1E4; i <= AT_1E5; i += AT_1E5 - AT_1E4)
        error += deviation(run->expected[i]) / run->expected[i].mean;
    return error / log(10);
}

// Largest (measured - expected) / sd over the points. 5 and not less: 27 points a run,
// and the distribution of a sum of negatively associated indicators has tails no
// heavier than an independent sum's.
static void claim_types(Lab *lab, const Run *run, const char *top, const char *what) {
    double n = lengths[AT_1E5];
    claim_near(lab, "1.20", top, n * run->top_p, run->top,
               5 * sqrt(n * run->top_p * (1 - run->top_p)));
    double worst = 0;
    for (int i = 0; i < POINTS; i++)
        worst = nan_max(worst, fabs(run->types[i] - run->expected[i].mean)
                                   / deviation(run->expected[i]));
    claim_at_most(lab, "1.20", what, 5, worst);
}

static void claim_growth(Lab *lab, const Run *run, const char *unseen,
                         const char *growth) {
    claim_near(lab, "1.21", unseen, run->unseen_expected.mean, run->unseen,
               5 * deviation(run->unseen_expected));
    double predicted = slope(run->expected[AT_1E4].mean, run->expected[AT_1E5].mean);
    claim_near(lab, "1.21", growth, predicted,
               slope(run->types[AT_1E4], run->types[AT_1E5]), 5 * slope_error(run));
}

static void draw(Lab *lab, const Run *runs) {
    Plot *p = plot_new(lab, "zipf", "n t1 s1 e1 t2 s2 e2 t3 s3 e3 power");
    double scale = runs[2].expected[AT_1E5].mean / pow(lengths[AT_1E5], 1 / runs[2].a);
    for (int i = 0; i < POINTS; i++) {
        double row[11] = {lengths[i]};
        for (int k = 0; k < EXPONENTS; k++) {
            row[1 + 3 * k] = runs[k].types[i];
            row[2 + 3 * k] = sqrt(runs[k].expected[i].variance);
            row[3 + 3 * k] = runs[k].expected[i].mean;
        }
        row[10] = scale * pow(lengths[i], 1 / runs[2].a);
        plot_row_values(p, row);
    }
    plot_axes(p, "n: words of text", "distinct words");
    plot_set(p, "logscale xy");
    plot_set(p, "format xy \"10^{%%T}\"");
    plot_line(p, "n", "e1", "a = 1: expected");
    plot_line(p, "n", "e2", "a = 1.2: expected");
    plot_line(p, "n", "e3", "a = 1.5: expected");
    plot_dashes(p, "n", "power", "slope 1/a for a = 1.5");
    plot_errors(p, "n", "t1", "s1", "a = 1: drawn");
    plot_errors(p, "n", "t2", "s2", "a = 1.2: drawn");
    plot_errors(p, "n", "t3", "s3", "a = 1.5: drawn");
    plot_end(p);
}

static void run(Lab *lab) {
    const double exponents[EXPONENTS] = {1, 1.2, 1.5};
    const char *const top[] = {"a = 1: rank 1 among 10^5 words = 10^5 p_1",
                               "a = 1.2: rank 1 among 10^5 words = 10^5 p_1",
                               "a = 1.5: rank 1 among 10^5 words = 10^5 p_1"};
    const char *const types[] = {"a = 1: types(n), largest error in sd",
                                 "a = 1.2: types(n), largest error in sd",
                                 "a = 1.5: types(n), largest error in sd"};
    const char *const unseen[] = {"a = 1: new among 10^5 more words",
                                  "a = 1.2: new among 10^5 more words",
                                  "a = 1.5: new among 10^5 more words"};
    const char *const growth[] = {"a = 1: log-slope of types, 10^4 to 10^5",
                                  "a = 1.2: log-slope of types, 10^4 to 10^5",
                                  "a = 1.5: log-slope of types, 10^4 to 10^5"};
    int ranks = (int)option_int(&lab->args, "ranks", 1000, 1000000);
    Run runs[EXPONENTS];
    for (int k = 0; k < EXPONENTS; k++) {
        Rng rng = rng_split(&lab->rng, (uint64_t)k);
        runs[k] = run_text(&rng, ranks, exponents[k]);
        claim_types(lab, &runs[k], top[k], types[k]);
        claim_growth(lab, &runs[k], unseen[k], growth[k]);
    }
    // The rival: the textbook's exponent 1/a holds for an endless list of words and a >
    // 1 only. At a = 1 a list with an end is exhausted first; the slope is not 1, by
    // five standard errors.
    double measured = slope(runs[0].types[AT_1E4], runs[0].types[AT_1E5]);
    claim_at_most(lab, "1.21", "a = 1: the slope is not 1/a = 1",
                  1 - 5 * slope_error(&runs[0]), measured);
    draw(lab, runs);
}

const LabSpec lab_zipf = {"zipf", "1.9", "How many distinct words a text has", run,
                          options};
