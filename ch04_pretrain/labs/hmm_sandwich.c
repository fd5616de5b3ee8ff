// An entropy rate between two bounds, and beliefs that draw a fractal. Lecture, section
// 4.3.
#include <math.h>
#include <stdlib.h>

#include "ch04_pretrain/entropy.h"
#include "ch04_pretrain/hmm.h"
#include "common/error.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { DEPTH = 14, TEXTS = 400, LENGTH = 200, SKIP = 40, BELIEFS = 30000, CELLS = 300 };

static const Option options[] = {
    {"x", "0.05", "Mess3: half the chance that the state moves"},
    {"a", "0.85", "Mess3: the chance that it says where it is"},
    {0}};

typedef struct {
    double upper[DEPTH + 1], lower[DEPTH + 1];
    int most;
} Sandwich;

static Sandwich sandwich_of(const Hmm *h, int most) {
    Sandwich s = {.most = most};
    for (int n = 1; n <= most; n++)
        s.upper[n] = hmm_upper(h, n), s.lower[n] = hmm_lower(h, n);
    return s;
}

// The largest violation of: upper falls, lower rises, lower <= upper.
static double disorder(const Sandwich *s) {
    double worst = 0;
    for (int n = 1; n <= s->most; n++) {
        worst = nan_max(worst, s->lower[n] - s->upper[n]);
        if (n == 1) continue;
        worst = nan_max(worst, s->upper[n] - s->upper[n - 1]);
        worst = nan_max(worst, s->lower[n - 1] - s->lower[n]);
    }
    return worst;
}

// What the exact reader loses, position by position, and past the beginning: the mean
// entropy of its predictions, which is the expected loss with less noise.
typedef struct {
    Mean at[DEPTH + 1];  // positions 1 ..
    Mean late;
} Read;

static void add_text(Read *read, const Hmm *h, Rng *rng) {
    int text[LENGTH];
    double late = 0, p[3];
    Reader r = reader_new(&h->automaton, &ALWAYS);
    automaton_write(&h->automaton, &ALWAYS, rng, text, LENGTH);
    for (int i = 0; i < LENGTH; i++) {
        reader_next(&r, p);
        double nats = entropy(p, 3);
        if (i < DEPTH) mean_add(&read->at[i + 1], nats);
        if (i >= SKIP) late += nats / (LENGTH - SKIP);
        reader_read(&r, text[i]);
    }
    mean_add(&read->late, late);
    reader_free(&r);
}

static Read read_texts(const Hmm *h, const Rng *rng) {
    Read read = {0};
    for (int t = 0; t < TEXTS; t++) {
        Rng own = rng_split(rng, (uint64_t)t);
        add_text(&read, h, &own);
    }
    return read;
}

static void claim_textbook(Lab *lab) {
    Hmm h = hmm_classic((double[]){0.9, 0.1, 0.2, 0.8},
                        (double[]){0.85, 0.15, 0.3, 0.7}, 2, 2);
    // printed values, to half a unit of their last digit
    claim_near(lab, "4.8", "two states, n = 6: upper bound", 0.60652, hmm_upper(&h, 6),
               5e-6);
    claim_near(lab, "4.8", "two states, n = 6: lower bound", 0.60616, hmm_lower(&h, 6),
               5e-6);
    hmm_free(&h);
}

static void claim_mess3(Lab *lab, const Sandwich *s, const Read *read) {
    double upper = s->upper[s->most], lower = s->lower[s->most];
    // exact sums of 3^12 terms: rounding is some 1e-13
    claim_at_most(lab, "4.9", "Mess3: bounds out of order by", 1e-11, disorder(s));
    claim_near(lab, "4.10", "Mess3: the exact reader's loss is h", (upper + lower) / 2,
               mean_of(read->late), 5 * mean_error(read->late) + (upper - lower) / 2);
}

static void draw_bounds(Lab *lab, const Sandwich *s, const Read *read) {
    Plot *p = plot_new(lab, "hmm_sandwich", "n upper lower reader error");
    for (int n = 1; n <= s->most; n++)
        plot_row(p, n, s->upper[n], s->lower[n], mean_of(read->at[n]),
                 mean_error(read->at[n]));
    plot_axes(p, "n: position in the text", "nats per symbol");
    plot_title(p, "Mess3: the entropy rate between two bounds");
    plot_line(p, "n", "upper", "H(X_n | X_1 .. X_{n-1})");
    plot_line(p, "n", "lower", "H(X_n | X_1 .. X_{n-1}, S_1)");
    plot_errors(p, "n", "reader", "error", "the exact reader");
    plot_end(p);
}

// Beliefs along one text, as points of the triangle with corners (0,0), (1,0), (1/2,
// sqrt(3)/2). Returns how far a belief's sum is from 1 at most.
static double draw_beliefs(Lab *lab, const Hmm *h) {
    Plot *p = plot_new(lab, "beliefs", "x y colour");
    Reader r = reader_new(&h->automaton, &ALWAYS);
    int *text = allocate(BELIEFS, sizeof *text);
    automaton_write(&h->automaton, &ALWAYS, &lab->rng, text, BELIEFS);
    double worst = 0;
    static bool drawn[CELLS + 1][CELLS + 1];  // no place twice
    for (int i = 0; i < BELIEFS; i++) {
        const double *b = r.belief;
        worst = nan_max(worst, fabs(b[0] + b[1] + b[2] - 1));
        double x = b[1] + b[2] / 2, y = b[2] * sqrt(3) / 2;
        bool *place = &drawn[(int)(x * CELLS)][(int)(y * CELLS)];
        if (i >= SKIP && !*place) plot_row(p, x, y, text[i]);
        *place |= i >= SKIP;
        reader_read(&r, text[i]);
    }
    plot_title(p, "Mess3: what a reader believes of the state");
    plot_axes(p, "", "");
    plot_set(p, "size ratio -1"), plot_set(p, "xrange [-0.02:1.02]");
    plot_set(p, "yrange [-0.02:0.9]"), plot_set(p,
                                                "palette defined (0 '#0072b2', 1 "
                                                "'#d55e00', 2 '#009e73')");
    plot_set(p, "label 1 'certain: state 1' at 0,-0.05");
    plot_set(p, "label 2 'state 2' at 0.93,-0.05"),
        plot_set(p, "label 3 'state 3' at 0.53,0.86");
    plot_set(p, "noxtics"), plot_set(p, "noytics"), plot_set(p, "border 0");
    plot_set(p, "nogrid"), plot_set(p, "nocolorbox"), plot_set(p, "nokey");
    plot_series(p,
                "using \"x\":\"y\":\"colour\" with points pointtype 7 pointsize 0.25 "
                "palette notitle");
    plot_end(p);
    reader_free(&r);
    free(text);
    return worst;
}

static void run(Lab *lab) {
    Hmm h = hmm_mess3(option_real(&lab->args, "x", 0.001, 0.49),
                      option_real(&lab->args, "a", 0.01, 0.99));
    Sandwich s = sandwich_of(&h, 12);
    for (int n = 2; n <= s.most; n += 2)
        lab_print(lab, "n = %2d: %.7f <= h <= %.7f", n, s.lower[n], s.upper[n]);
    Read read = read_texts(&h, &lab->rng);
    claim_textbook(lab), claim_mess3(lab, &s, &read);
    draw_bounds(lab, &s, &read);
    // two roundings a state and symbol
    claim_near(lab, "4.11", "beliefs sum to 1, largest error", 0, draw_beliefs(lab, &h),
               1e-14);
    hmm_free(&h);
}

const LabSpec lab_hmm_sandwich = {"hmm-sandwich", "4.3",
                                  "An entropy rate between two bounds", run, options};
