// Why a masked model's "perplexity" is none. Lecture, section 4.8.
//
// A word between two known neighbours is easier than a word after one: for a Markov
// source of order 1
//
//     H(X_2 | X_1 X_3) = F_1 + 2h - H(X_1, X_3) <= h.
//
// So a perfect masked model has the lower loss, without knowing more; and its
// probabilities, multiplied, do not sum to 1 over all texts.
#include <math.h>
#include <stdlib.h>

#include "ch04_pretrain/entropy.h"
#include "ch04_pretrain/markov.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { SYMBOLS = 6, SOURCES = 12, TEXTS = 4000, SMALL = 3, SHORT = 6 };

typedef struct {
    double h, formula, measured, error, sum;
} Point;

static double leave_one_out(const Markov *m) {
    double joint[SYMBOLS * SYMBOLS] = {0};  // of X_1 and X_3
    int n = m->symbols;
    for (int a = 0; a < n; a++)
        for (int b = 0; b < n; b++)
            for (int c = 0; c < n; c++)
                joint[a * n + c] +=
                    m->stationary[a] * m->rows[a * n + b] * m->rows[b * n + c];
    return entropy(m->stationary, n) + 2 * markov_entropy_rate(m)
           - entropy(joint, n * n);
}

// -ln P(X_2 | X_1, X_3) over drawn texts.
static void measure(const Markov *m, Rng *rng, Point *p) {
    Corruption c = ERASURE(0.15);
    Mean mean = {0};
    double q[3 * SYMBOLS];
    for (int t = 0; t < TEXTS; t++) {
        int text[3];
        automaton_write(&m->automaton, &ALWAYS, rng, text, 3);
        int seen[] = {text[0], MASKED, text[2]};
        automaton_mask_posterior(&m->automaton, &ALWAYS, &c, seen, 3, q);
        mean_add(&mean, -log(q[SYMBOLS + text[1]]));
    }
    p->measured = mean_of(mean), p->error = mean_error(mean);
}

// The sum over all texts of SHORT symbols of prod_i P(x_i | all others).
static double pseudo_sum(const Markov *m) {
    Corruption c = ERASURE(0.15);
    double total = 0, q[SHORT * SMALL];
    int texts = (int)lrint(pow(SMALL, SHORT));
    for (int code = 0; code < texts; code++) {
        int text[SHORT], rest = code;
        double product = 1;
        for (int i = 0; i < SHORT; i++) text[i] = rest % SMALL, rest /= SMALL;
        for (int i = 0; i < SHORT; i++) {
            int word = text[i];
            text[i] = MASKED;
            automaton_mask_posterior(&m->automaton, &ALWAYS, &c, text, SHORT, q);
            product *= q[i * SMALL + word];
            text[i] = word;
        }
        total += product;
    }
    return total;
}

static void claim_points(Lab *lab, const Point *points, double sum) {
    double worst = 0, above = -INFINITY, lead = 0;
    for (int i = 0; i < SOURCES; i++) {
        const Point *p = &points[i];
        worst = nan_max(worst, fabs(p->measured - p->formula) / p->error);
        above = nan_max(above, p->formula - p->h);
        lead = nan_max(lead, exp(p->h) / exp(p->formula));
    }
    claim_at_most(lab, "4.28", "H(X_2 | X_1 X_3): largest error, standard errors", 5,
                  worst);
    claim_at_most(lab, "4.28", "leave-one-out entropy less h, largest", 0, above);
    // Found, not derived: how far the two "perplexities" lie apart. Twelve sources,
    // from nearly determined to nearly uniform: the largest ratio is well above 1.2.
    claim_at_least(lab, "4.29", "exp h / exp(leave-one-out), largest", 1.2, lead);
    // A source that likes to repeat itself: each symbol confirms its neighbours, and
    // the products count the confirmation from both sides.
    claim_at_least(lab, "4.29", "products of P(x_i | others), all texts: sum", 1.1,
                   sum);
}

static void draw(Lab *lab, const Point *points) {
    Plot *p = plot_new(lab, "pseudo_perplexity", "h formula measured error");
    for (int i = 0; i < SOURCES; i++)
        plot_row(p, points[i].h, points[i].formula, points[i].measured,
                 points[i].error);
    plot_axes(p, "h: nats per symbol, left to right", "nats per symbol, one left out");
    plot_set(p, "xrange [0:1.8]"), plot_set(p, "yrange [0:1.8]");
    plot_set(p, "key outside top center horizontal");
    plot_line(p, "h", "h", "equal");
    plot_series(p,
                "using \"h\":\"formula\" with points pointtype 6 pointsize 1.4 "
                "linecolor \"#d55e00\" title \"F_1 + 2h - H(X_1, X_3)\"");
    plot_errors(p, "h", "measured", "error", "measured");
    plot_end(p);
}

static void run(Lab *lab) {
    Point points[SOURCES];
    for (int i = 0; i < SOURCES; i++) {
        double a = pow(2, i - 5);  // concentrations 1/32 to 64
        Markov m = markov_random(&lab->rng, SYMBOLS, 1, a, 0.002);
        points[i] = (Point){.h = markov_entropy_rate(&m), .formula = leave_one_out(&m)};
        measure(&m, &lab->rng, &points[i]);
        markov_free(&m);
        lab_progress(lab, i + 1, SOURCES);
    }
    const double stays[] = {.8, .1, .1, .1, .8, .1, .1, .1, .8};
    Markov m = markov_new(SMALL, 1, stays);
    claim_points(lab, points, pseudo_sum(&m));
    markov_free(&m);
    draw(lab, points);
}

const LabSpec lab_pseudo_perplexity = {
    "pseudo-perplexity", "4.8", "Why a masked model's perplexity is none", run, NULL};
