// Mixing: weights, epochs, and how much of a source has been seen. Lecture, section 4.20.
#include "ch04_pretrain/mixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/error.h"
#include "common/program/plot.h"

enum { LINE = 60 };

static const Option options[] = {
    {"documents", "20000", "of the simulated source"}, {"most", "2.5", "epochs"}, {0}};

// Tokens of each of LLaMA's sources, from its weight and its epochs.
static double tokens_of(const MixtureSource *s) {
    return s->weight * LLAMA_TOKENS / s->epochs;
}

static void claim_table(Lab *lab) {
    double unique = 0, inverse = 0, least = INFINITY, most = 0;
    for (int i = 0; i < LLAMA_SOURCES; i++) {
        const MixtureSource *s = &llama_mixture[i];
        double tokens = tokens_of(s), bytes = s->bytes / tokens;
        unique += tokens, inverse += s->weight / s->epochs;
        least = fmin(least, bytes), most = fmax(most, bytes);
        lab_print(lab,
                  "%-14s weight %.3f, %.2f epochs: %5.1f G tokens, %.2f bytes each",
                  s->name, s->weight, s->epochs, 1e-9 * tokens, bytes);
    }
    // The text says 1.26e12 and 1.11: two decimals, half of the last.
    claim_near(lab, "4.110", "different tokens, in units of 1e12", 1.26, 1e-12 * unique,
               0.005);
    claim_near(lab, "4.110", "mean epochs: 1 / sum of weight / epochs",
               LLAMA_TOKENS / unique, 1 / inverse, 1e-12);
    // Its text is English and code of 32,000 pieces: between 2 and 5 bytes per token, or
    // a weight or an epoch of the table is not what it seems.
    claim_at_least(lab, "4.110", "bytes per token, least", 2, least);
    claim_at_most(lab, "4.110", "bytes per token, most", 5, most);
}

// Documents of n that were seen after e n draws: with replacement, by a shuffle per epoch.
static double seen(Rng *rng, int n, double epochs, bool shuffled,
                   unsigned char *marks) {
    long draws = lround(epochs * n);
    int different = 0;
    for (int i = 0; i < n; i++) marks[i] = 0;
    for (long d = 0; d < draws; d++) {
        int i = shuffled ? (int)(d % n) : rng_below(rng, n);
        different += !marks[i], marks[i] = 1;
    }
    return (double)different / n;
}

static void simulate(Lab *lab, int n, double most) {
    Plot *p = plot_new(lab, "mixture", "epochs replaced shuffled at found name_at");
    unsigned char *marks = allocate((size_t)n, 1);
    for (int i = 0; i <= LINE; i++) {
        double e = most * i / LINE;
        bool source = i < LLAMA_SOURCES;
        double at = source ? llama_mixture[i].epochs : NAN;
        plot_row(p, e, 1 - exp(-e), fmin(e, 1), at,
                 source ? seen(&lab->rng, n, at, false, marks) : NAN,
                 source ? seen(&lab->rng, n, at, true, marks) : NAN);
    }
    // Of n documents each is missed with (1 - 1/n)^n: the count's variance is below
    // n e^-1 (1 - e^-1), and 1/n is the difference from e^-1.
    double missed = 1 - seen(&lab->rng, n, 1, false, marks);
    claim_near(lab, "4.111", "one epoch drawn with replacement misses 1/e", exp(-1),
               missed, 5 * sqrt(exp(-1) * (1 - exp(-1)) / n) + 1.0 / n);
    claim_near(lab, "4.111", "one epoch of a shuffled source misses", 0,
               1 - seen(&lab->rng, n, 1, true, marks), 0);
    plot_axes(p, "epochs of the source", "share of it that was seen");
    plot_set(p, "yrange [0:1.1]");
    plot_line(p, "epochs", "replaced", "with replacement: 1 - exp(-e)");
    plot_line(p, "epochs", "shuffled", "shuffled: min(e, 1)");
    plot_points(p, "at", "found", "LLaMA's sources, simulated");
    plot_points(p, "at", "name_at", "");
    plot_end(p);
    free(marks);
}

// Files of different size by weight, without a document twice: what mixture_choose does.
static void claim_chosen(Lab *lab, int n) {
    const double epochs = 0.3;
    size_t *bytes = allocate((size_t)n, sizeof *bytes), largest = 0;
    unsigned char *chosen = allocate((size_t)n, 1);
    double all = 0, taken = 0;
    for (int i = 0; i < n; i++) {
        bytes[i] = 100 + (size_t)rng_below(&lab->rng, 1900);
        all += (double)bytes[i], largest = bytes[i] > largest ? bytes[i] : largest;
    }
    mixture_choose(bytes, (size_t)n, epochs, &lab->rng, chosen);
    for (int i = 0; i < n; i++) taken += chosen[i] * (double)bytes[i];
    // what is left out would have been more than half a document too much
    claim_near(lab, "4.112", "bytes taken for 0.3 epochs", epochs * all, taken,
               0.5 * (double)largest);
    free(bytes), free(chosen);
}

static void run(Lab *lab) {
    int documents = (int)option_int(&lab->args, "documents", 100, 10000000);
    claim_table(lab);
    simulate(lab, documents, option_real(&lab->args, "most", 1, 100));
    claim_chosen(lab, documents);
}

const LabSpec lab_mixture = {"mixture", "4.20", "Weights and epochs", run, options};
