// Looking until it is significant. Lecture, section 5.15.
//
// Two equal models answer question after question; each question is a win, a loss, or,
// more often, a tie. Whoever looks ten times at a 95 % interval and stops when it
// excludes 0 finds a difference in one comparison of five.
#include <math.h>
#include <stdio.h>

#include "ch05_sft_rlhf/ab_test.h"
#include "common/program/plot.h"

static const Option options[] = {{"trials", "4000", "comparisons of equal models"},
                                 {"questions", "100", "between two looks"},
                                 {"ties", "0.6", "share of questions"},
                                 {0}};

enum { LOOKS = 20 };
static const double ONE_LOOK = 1.959964, ALPHA = 0.05;

typedef enum { ONE, POCOCK, EVERY, BOUNDS } Bound;

typedef struct {
    double errors[BOUNDS][LOOKS];  // the bound at each look
    int stopped[BOUNDS][LOOKS];    // trials that have stopped by then
    int trials;
} Peeks;

static double normalised(Mean d) { return fabs(mean_of(d)) / mean_error(d); }

static void trial(Peeks *p, int questions, double ties, Rng *rng) {
    Mean d = {0};
    bool stopped[BOUNDS] = {false};
    for (int k = 0; k < LOOKS; k++) {
        for (int i = 0; i < questions; i++) {
            double u = rng_uniform(rng);
            mean_add(&d, u < ties ? 0 : u < (1 + ties) / 2 ? 1 : -1);
        }
        for (int b = 0; b < BOUNDS; b++) {
            stopped[b] |= normalised(d) > p->errors[b][k];
            p->stopped[b][k] += stopped[b];
        }
    }
    p->trials++;
}

static void bounds(Peeks *p, int questions) {
    double pocock = peeking_bound(LOOKS, ALPHA);
    for (int k = 0; k < LOOKS; k++) {
        p->errors[ONE][k] = ONE_LOOK, p->errors[POCOCK][k] = pocock;
        p->errors[EVERY][k] = every_look_errors((double)questions * (k + 1),
                                                (double)questions * LOOKS / 10, ALPHA);
    }
}

static double share(const Peeks *p, Bound b, int looks) {
    return (double)p->stopped[b][looks - 1] / p->trials;
}

// Five standard errors of a share, and what whole numbers of wins take from a normal:
// the chance of one value of the sum, 1 / sqrt(2 pi n v), half of it on each side.
static double tolerance(const Peeks *p, double expected, double n, double variance) {
    return 5 * sqrt(expected * (1 - expected) / p->trials)
           + 0.06 / sqrt(2 * M_PI * n * variance);
}

static void claim(Lab *lab, const Peeks *p, double n, double variance) {
    static const int looks[] = {1, 5, 10};
    for (int i = 0; i < 3; i++) {
        double expected = peeking_error(looks[i], ONE_LOOK);
        char what[80];
        snprintf(what, sizeof what, "%d look%s at 95 %%: equal models told apart",
                 looks[i], i ? "s" : "");
        claim_near(lab, "5.130", what, expected, share(p, ONE, looks[i]),
                   tolerance(p, expected, n, variance));
    }
    claim_near(lab, "5.131", "20 looks with Pocock's bound: told apart", ALPHA,
               share(p, POCOCK, LOOKS), tolerance(p, ALPHA, n, variance));
    claim_at_most(lab, "5.132", "a bound for every look, 20 of them: told apart", ALPHA,
                  share(p, EVERY, LOOKS));
}

// Two models, right with probabilities that a question decides for both: half of the
// questions are easy (.9), half hard (.3). Then paired differences have the variance
// 2 E p (1 - p), unpaired ones 2 m (1 - m) with m = .6.
static void claim_pairs(Lab *lab, Rng *rng) {
    enum { QUESTIONS = 20000 };
    static const double easy[2] = {0.9, 0.3};
    Mean single[2] = {0}, paired = {0};
    for (int i = 0; i < QUESTIONS; i++) {
        double right[2], p = easy[i % 2];
        for (int k = 0; k < 2; k++) {
            right[k] = rng_uniform(rng) < p;
            mean_add(&single[k], right[k]);
        }
        mean_add(&paired, right[0] - right[1]);
    }
    double unpaired = hypot(mean_error(single[0]), mean_error(single[1])),
           expected = sqrt((0.9 * 0.1 + 0.3 * 0.7) / 2 / (0.6 * 0.4));
    // the deviation of a variance of n numbers below 1 is some n^-1/2 of it: five of
    // them
    claim_near(lab, "5.133", "standard error, paired / unpaired", expected,
               mean_error(paired) / unpaired, 5 / sqrt(QUESTIONS));
}

static void draw(Lab *lab, const Peeks *p) {
    Plot *plot = plot_new(lab, "peeking", "looks derived one pocock every level");
    for (int k = 1; k <= LOOKS; k++)
        plot_row(plot, k, peeking_error(k, ONE_LOOK), share(p, ONE, k),
                 share(p, POCOCK, k), share(p, EVERY, k), ALPHA);
    plot_axes(plot, "looks", "equal models told apart");
    plot_set(plot, "yrange [0:0.3]");
    plot_line(plot, "looks", "derived", "95 % intervals, derived");
    plot_dashes(plot, "looks", "level", "0.05");
    plot_points(plot, "looks", "one", "95 % intervals");
    plot_points(plot, "looks", "pocock", "Pocock's bound for 20 looks");
    plot_points(plot, "looks", "every", "a bound for every look");
    plot_end(plot);
}

static void run(Lab *lab) {
    int trials = (int)option_int(&lab->args, "trials", 10, 100000000),
        questions = (int)option_int(&lab->args, "questions", 2, 1000000);
    double ties = option_real(&lab->args, "ties", 0, 0.99);
    Peeks p = {0};
    bounds(&p, questions);
    for (int i = 0; i < trials; i++) trial(&p, questions, ties, &lab->rng);
    claim(lab, &p, questions, 1 - ties);
    claim_pairs(lab, &lab->rng);
    draw(lab, &p);
}

const LabSpec lab_peeking = {"peeking", "5.15", "Looking until it is significant", run,
                             options};
