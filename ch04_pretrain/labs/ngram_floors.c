// What each more symbol of history is worth: Shannon's F_n. Lecture, section 4.1.
//
// Of a Markov source of order 2 the entropies F_1, F_2, F_3 are known: they fall to h
// at n = 3 and stay. Counting blocks in a text gives them too, a little too low,
// because a sample of N blocks of which K differ has about (K - 1) / 2N nats too
// little.
#include <math.h>
#include <stdlib.h>

#include "ch04_pretrain/entropy.h"
#include "ch04_pretrain/markov.h"
#include "common/error.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { MOST_N = 8, BIAS_BLOCKS = 2000, BIAS_SAMPLES = 200, BATCHES = 20, BRIEF = 1000 };

static const Option options[] = {
    {"symbols", "3", "symbols of the source"},
    {"order", "2", "its order"},
    {"concentration", "0.5", "its rows are Dirichlet(concentration)"},
    {"length", "400000", "symbols to count"},
    {0}};

typedef struct {
    Markov source;
    int length, most;
    double exact[MOST_N + 1];
    double plain[MOST_N + 1], corrected[MOST_N + 1], error[MOST_N + 1];
    double brief[MOST_N + 1];  // counted on the first BRIEF symbols only
} Floors;

// F_n = H_n - H_{n-1} of one text.
static void count_floors(const int *text, int length, int symbols, int most,
                         double *plain, double *corrected) {
    BlockEntropy shorter = {0};
    for (int n = 1; n <= most; n++) {
        BlockEntropy h = block_entropy(text, length, symbols, n);
        plain[n] = h.plain - shorter.plain;
        corrected[n] = h.corrected - shorter.corrected;
        shorter = h;
    }
}

// Counted on the whole text; standard errors from BATCHES parts of it, since
// neighbouring blocks depend on each other.
static void measure(Floors *f, const int *text) {
    int symbols = f->source.symbols, part = f->length / BATCHES;
    Mean parts[MOST_N + 1] = {0};
    for (int b = 0; b < BATCHES; b++) {
        double plain[MOST_N + 1], corrected[MOST_N + 1];
        count_floors(text + b * part, part, symbols, f->most, plain, corrected);
        for (int n = 1; n <= f->most; n++) mean_add(&parts[n], corrected[n]);
    }
    count_floors(text, BRIEF, symbols, f->most, f->brief, f->corrected);
    count_floors(text, f->length, symbols, f->most, f->plain, f->corrected);
    for (int n = 1; n <= f->most; n++) {
        f->error[n] = mean_error(parts[n]);
        f->exact[n] = markov_block_entropy(&f->source, n);
    }
}

static void claim_exact(Lab *lab, const Floors *f) {
    int k = f->source.order;
    double rise = 0, flat = 0;
    for (int n = 2; n <= f->most; n++) {
        rise = nan_max(rise, f->exact[n] - f->exact[n - 1]);
        if (n > k) flat = nan_max(flat, fabs(f->exact[n] - f->exact[k + 1]));
    }
    // exact sums; differences of block entropies lose some 1e-15
    claim_at_most(lab, "4.1", "F_n: largest rise from n - 1 to n", 1e-12, rise);
    claim_near(lab, "4.2", "F_{k+1} = h, the entropy rate",
               markov_entropy_rate(&f->source), f->exact[k + 1], 1e-12);
    claim_near(lab, "4.2", "F_n beyond k + 1: largest change", 0, flat, 1e-12);
}

static void claim_counted(Lab *lab, const Floors *f) {
    double worst = 0;
    for (int n = 1; n <= f->most; n++)
        worst = nan_max(worst, fabs(f->corrected[n] - f->exact[n]) / f->error[n]);
    // The worst of up to 8 dependent comparisons; standard errors have 19 degrees of
    // freedom: t = 6 has probability 1e-5.
    claim_at_most(lab, "4.3", "F_n counted: largest error in standard errors", 6,
                  worst);
}

// -ln P of a block of 3 symbols.
static double block_nats(const Markov *m, const int *block) {
    Reader r = reader_new(&m->automaton, &ALWAYS);
    double nats = 0;
    for (int i = 0; i < 3; i++) nats -= log(reader_read(&r, block[i]));
    reader_free(&r);
    return nats;
}

// One sample of independent blocks: how far the plain estimate is below the mean of -ln
// P over the same blocks, whose expectation is H_3; and what the correction adds.
static double sample_bias(const Markov *m, Rng *rng, double *correction) {
    long long counts[1024] = {0};
    double truth = 0;
    for (int i = 0; i < BIAS_BLOCKS; i++) {
        int block[3];
        automaton_write(&m->automaton, &ALWAYS, rng, block, 3);
        truth += block_nats(m, block) / BIAS_BLOCKS;
        counts[(block[0] * m->symbols + block[1]) * m->symbols + block[2]]++;
    }
    BlockEntropy h = entropy_of_counts(counts, 1024);
    *correction = h.corrected - h.plain;
    return truth - h.plain;
}

static void claim_bias(Lab *lab, const Floors *f) {
    Mean low = {0};
    double predicted = 0;
    for (int t = 0; t < BIAS_SAMPLES; t++) {
        double correction, bias = sample_bias(&f->source, &lab->rng, &correction);
        mean_add(&low, bias), predicted += correction / BIAS_SAMPLES;
    }
    // The formula is the first term of a series in 1 / (N p): rare blocks, and the use
    // of the blocks seen for those there are, leave it some per cent off.
    claim_near(lab, "4.4", "H of 2,000 blocks of 3: too low by (blocks - 1) / 2N",
               predicted, mean_of(low), 5 * mean_error(low) + 0.1 * predicted);
}

static void draw(Lab *lab, const Floors *f) {
    Plot *p = plot_new(lab, "ngram_floors", "n exact brief corrected error h");
    for (int n = 1; n <= f->most; n++)
        plot_row(p, n, f->exact[n], f->brief[n], f->corrected[n], f->error[n],
                 f->exact[f->source.order + 1]);
    plot_axes(p, "n: symbols in a block", "F_n, nats per symbol");
    plot_set(p, "xrange [0.7:*]"), plot_set(p, "yrange [0:*]");
    plot_line(p, "n", "exact", "exact");
    plot_dashes(p, "n", "h", "h, the entropy rate");
    plot_points(p, "n", "corrected", "counted, whole text, corrected");
    plot_points(p, "n", "brief", "counted, 1,000 symbols");
    plot_end(p);
}

static void run(Lab *lab) {
    int symbols = (int)option_int(&lab->args, "symbols", 2, 10);
    int order = (int)option_int(&lab->args, "order", 1, 3);
    double a = option_real(&lab->args, "concentration", 0.05, 100);
    Floors f = {.length = (int)option_int(&lab->args, "length", 20000, 10000000)};
    f.source = markov_random(&lab->rng, symbols, order, a, 0.02 / symbols);
    // V^n cells must stay far below the length, or the correction is not enough
    for (double cells = symbols; f.most < MOST_N && cells <= f.length / 100.0; f.most++)
        cells *= symbols;
    if (f.most <= order) die("--length %d: too short for order %d", f.length, order);
    int *text = allocate((size_t)f.length, sizeof *text);
    automaton_write(&f.source.automaton, &ALWAYS, &lab->rng, text, f.length);
    measure(&f, text);
    for (int n = 1; n <= f.most; n++)
        lab_print(lab, "F_%d  exact %.5f  counted %.5f  corrected %.5f +- %.5f", n,
                  f.exact[n], f.plain[n], f.corrected[n], f.error[n]);
    claim_exact(lab, &f), claim_counted(lab, &f), claim_bias(lab, &f);
    draw(lab, &f);
    markov_free(&f.source);
    free(text);
}

const LabSpec lab_ngram_floors = {
    "ngram-floors", "4.1", "What each more symbol of history is worth", run, options};
