// The least loss of a masked model. Lecture, section 4.7.
//
// Forward and backward give P(x_i | all seen) exactly; its mean logarithm is the floor.
// Two kinds of place count in it: the masked ones, and those that were selected but
// still show a symbol.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/entropy.h"
#include "ch04_pretrain/markov.h"
#include "ch04_pretrain/story.h"
#include "common/error.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { SYMBOLS = 6, LENGTH = 128, EDGE = 24, SMALL = 3, SHORT = 6, RATES = 8 };

static const Option options[] = {{"texts", "3000", "texts for each rate of selection"},
                                 {"stories", "100", "stories to corrupt"},
                                 {0}};

// Of the places of one kind: the loss at the true word, the entropy of the posterior,
// whose mean is the floor with less noise, and their difference.
typedef struct {
    Mean loss, entropy, difference;
} Sum;

static void sum_add(Sum *s, double loss, double h) {
    mean_add(&s->loss, loss), mean_add(&s->entropy, h);
    mean_add(&s->difference, loss - h);
}

// Adds the selected places first .. last - 1: [0] those masked, [1] those that show a
// symbol.
static void add_places(Sum sums[2], const int *text, const int *seen,
                       const bool *selected, const double *p, int symbols, int first,
                       int last) {
    for (int i = first; i < last; i++) {
        const double *q = p + (size_t)i * (size_t)symbols;
        if (selected[i])
            sum_add(&sums[seen[i] != MASKED], -log(q[text[i]]), entropy(q, symbols));
    }
}

static void measure(const Markov *m, const Corruption *c, Rng *rng, long texts,
                    Sum sums[2]) {
    int text[LENGTH], seen[LENGTH];
    bool selected[LENGTH];
    double p[LENGTH * SYMBOLS];
    memset(sums, 0, 2 * sizeof *sums);
    for (long t = 0; t < texts; t++) {
        automaton_write(&m->automaton, &ALWAYS, rng, text, LENGTH);
        corrupt(c, rng, SYMBOLS, text, LENGTH, seen, selected);
        automaton_mask_posterior(&m->automaton, &ALWAYS, c, seen, LENGTH, p);
        add_places(sums, text, seen, selected, p, SYMBOLS, EDGE, LENGTH - EDGE);
    }
}

// ---- erasure only, in closed form

// power[a * V + b] = P(b, i symbols after a), times the chain once more.
static void advance(const Markov *m, double *power) {
    double next[SYMBOLS * SYMBOLS] = {0};
    for (int a = 0; a < SYMBOLS; a++)
        for (int b = 0; b < SYMBOLS; b++)
            for (int c = 0; c < SYMBOLS; c++)
                next[a * SYMBOLS + c] +=
                    power[a * SYMBOLS + b] * m->rows[b * SYMBOLS + c];
    memcpy(power, next, sizeof next);
}

static double pair_entropy(const Markov *m, const double *power) {
    double joint[SYMBOLS * SYMBOLS];
    for (int i = 0; i < SYMBOLS * SYMBOLS; i++)
        joint[i] = m->stationary[i / SYMBOLS] * power[i];
    return entropy(joint, SYMBOLS * SYMBOLS);
}

// The nearest symbols that can be seen are i to the left and j to the right, with
// chance (1-e)^2 e^(i+j-2). Given them, H(X_0 | X_-i, X_j) = H(X_-i, X_0) + H(X_0, X_j)
// - H(X_0) - H(X_-i, X_j), by the Markov property.
static double erasure_floor(const Markov *m, double e) {
    enum { FAR = 200 };
    static double pairs[2 * FAR + 1];
    double power[SYMBOLS * SYMBOLS], sum = 0;
    memcpy(power, m->rows, sizeof power);
    for (int i = 1; i <= 2 * FAR; i++, advance(m, power))
        pairs[i] = pair_entropy(m, power);
    for (int i = 1; i <= FAR; i++)
        for (int j = 1; j <= FAR; j++)
            sum += (1 - e) * (1 - e) * pow(e, i + j - 2)
                   * (pairs[i] + pairs[j] - entropy(m->stationary, SYMBOLS)
                      - pairs[i + j]);
    return sum;
}

// ---- every text, one by one

// P(x_i = u, selected and seen so) of all SMALL^SHORT texts, weighed by how likely each
// is to become what was seen; normalised.
static void enumerate(const Markov *m, const Corruption *c, const int *seen,
                      double *p) {
    Channel any = channel_of(c, SMALL), chosen = channel_selected(c, SMALL);
    memset(p, 0, SHORT * SMALL * sizeof *p);
    for (int code = 0; code < (int)lrint(pow(SMALL, SHORT)); code++) {
        int text[SHORT];
        for (int i = 0, rest = code; i < SHORT; i++)
            text[i] = rest % SMALL, rest /= SMALL;
        for (int i = 0; i < SHORT; i++) {
            double weight = 1;
            for (int k = 0; k < SHORT; k++) {
                const double *row = k ? m->rows + text[k - 1] * SMALL : m->stationary;
                weight *= row[text[k]]
                          * channel_at(k == i ? &chosen : &any, seen[k], text[k]);
            }
            p[i * SMALL + text[i]] += weight;
        }
    }
    for (int i = 0; i < SHORT; i++) {
        double total = 0;
        for (int u = 0; u < SMALL; u++) total += p[i * SMALL + u];
        for (int u = 0; u < SMALL; u++) p[i * SMALL + u] /= total;
    }
}

static double worst_posterior(Rng *rng) {
    Markov m = markov_random(rng, SMALL, 1, 1, 0.01);
    Corruption c = {0.5, 0.6, 0.2};
    double worst = 0, p[SHORT * SMALL], q[SHORT * SMALL];
    for (int t = 0; t < 20; t++) {
        int text[SHORT], seen[SHORT];
        bool selected[SHORT];
        automaton_write(&m.automaton, &ALWAYS, rng, text, SHORT);
        corrupt(&c, rng, SMALL, text, SHORT, seen, selected);
        automaton_mask_posterior(&m.automaton, &ALWAYS, &c, seen, SHORT, p);
        enumerate(&m, &c, seen, q);
        for (int i = 0; i < SHORT * SMALL; i++)
            worst = nan_max(worst, fabs(p[i] - q[i]));
    }
    markov_free(&m);
    return worst;
}

// ---- stories

// The same result for any number of threads: each story has its own stream and sums.
static void measure_stories(const Story *s, const Rng *rng, long stories, Sum sums[2]) {
    Corruption c = BERT_CORRUPTION;
    enum { MOST = 128 };
    Sum *each = allocate((size_t)stories, 2 * sizeof *each);
#pragma omp parallel for schedule(dynamic)
    for (long t = 0; t < stories; t++) {
        int text[MOST], seen[MOST];
        bool selected[MOST];
        Rng own = rng_split(rng, (uint64_t)t);
        int n = story_write(s, &own, text, MOST);
        double *p = allocate((size_t)n * (size_t)s->count, sizeof *p);
        corrupt(&c, &own, s->count, text, n, seen, selected);
        story_mask_posterior(s, &c, seen, n, p);
        add_places(each + 2 * t, text, seen, selected, p, s->count, 0, n);
        free(p);
    }
    memset(sums, 0, 2 * sizeof *sums);
    for (long t = 0; t < 2 * stories; t++) {
        Sum *to = &sums[t % 2], *from = &each[t];
        mean_join(&to->loss, from->loss), mean_join(&to->entropy, from->entropy);
        mean_join(&to->difference, from->difference);
    }
    free(each);
}

// ---- the lab

// The loss and the posterior's own entropy have the same mean: their difference is
// noise only, and its standard error that of the sum.
static void calibrated(Lab *lab, const char *what, const Sum *s) {
    double floor = mean_of(s->entropy);
    lab_print(lab, "%s: floor %.4f +- %.4f nats, %.0f places", what, floor,
              mean_error(s->entropy), s->entropy.count);
    claim_near(lab, "4.25", what, floor, mean_of(s->loss),
               5 * mean_error(s->difference));
}

static void claim_bert(Lab *lab, const Markov *m, const Sum bert[2]) {
    Corruption c = BERT_CORRUPTION;
    double masked = mean_of(bert[0].entropy), visible = mean_of(bert[1].entropy);
    double error = mean_error(bert[0].entropy);
    calibrated(lab, "Markov, masked: loss = entropy", &bert[0]);
    calibrated(lab, "Markov, selected but visible: loss = entropy", &bert[1]);
    // What BERT shows can be made from a text with 13.5 % erased, by painting some of
    // the holes over; so it says less, and the floor is higher. A symbol that is seen,
    // right or wrong, says no less than [MASK]. Both hold in the mean: hence 4 SE.
    double bound = erasure_floor(m, c.select * (c.mask + c.random));
    claim_at_least(lab, "4.26", "masked: above the erasure floor at 13.5 %",
                   bound - 4 * error, masked);
    claim_at_most(lab, "4.26", "a symbol that may be wrong still tells",
                  masked + 4 * hypot(error, mean_error(bert[1].entropy)), visible);
    lab_print(lab, "all that counts: %.4f; erasure at 15 %%: %.4f; h = %.4f",
              0.8 * masked + 0.2 * visible, erasure_floor(m, 0.15),
              markov_entropy_rate(m));
}

static void claim_erasure(Lab *lab, double rate, double predicted, const Sum *s) {
    char what[64];
    snprintf(what, sizeof what, "erasure only, %.0f %%: closed form", 100 * rate);
    claim_near(lab, "4.27", what, predicted, mean_of(s->entropy),
               5 * mean_error(s->entropy));
}

static void run(Lab *lab) {
    static const double rates[RATES] = {0.05, 0.15, 0.25, 0.35, 0.45, 0.55, 0.65, 0.75};
    long texts = option_int(&lab->args, "texts", 100, 1000000);
    long stories = option_int(&lab->args, "stories", 20, 100000);
    Markov m = markov_random(&lab->rng, SYMBOLS, 1, 0.3, 0.005);
    double h = markov_entropy_rate(&m);
    // sums of 729 products of 12 factors
    claim_near(lab, "4.24", "forward-backward against all 729 texts", 0,
               worst_posterior(&lab->rng), 1e-13);
    Plot *p = plot_new(lab, "mask_floor",
                       "rate masked masked_error visible erasure erasure_derived h");
    for (int i = 0; i < RATES; i++) {
        Corruption bert = {rates[i], 0.8, 0.1}, erasure = ERASURE(rates[i]);
        Sum b[2], e[2];
        measure(&m, &bert, &lab->rng, texts, b);
        measure(&m, &erasure, &lab->rng, texts, e);
        double derived = erasure_floor(&m, rates[i]);
        plot_row(p, rates[i], mean_of(b[0].entropy), mean_error(b[0].entropy),
                 mean_of(b[1].entropy), mean_of(e[0].entropy), derived, h);
        if (i == 1) claim_bert(lab, &m, b);
        if (i == 1 || i == 4) claim_erasure(lab, rates[i], derived, &e[0]);
        lab_progress(lab, i + 1, RATES + 1);
    }
    Story s = story_new();
    Sum told[2];
    measure_stories(&s, &lab->rng, stories, told);
    lab_progress(lab, 1, 1);
    calibrated(lab, "stories, masked: loss = entropy", &told[0]);
    plot_axes(p, "share of places selected", "nats per place");
    plot_set(p, "yrange [0:*]");
    plot_line(p, "rate", "erasure_derived", "erasure only, derived");
    plot_dashes(p, "rate", "h", "h, left to right");
    plot_points(p, "rate", "erasure", "erasure only");
    plot_errors(p, "rate", "masked", "masked_error", "BERT, masked");
    plot_points(p, "rate", "visible", "BERT, selected but visible");
    plot_end(p);
    story_free(&s), markov_free(&m);
}

const LabSpec lab_mask_floor = {"mask-floor", "4.7", "The least loss of a masked model",
                                run, options};
