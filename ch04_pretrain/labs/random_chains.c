// Learning within one text: a chain drawn anew each time. Lecture, section 4.4.
//
// Bayes' predictor against what it can be compared with: the closed form of a text's
// probability, its own entropy, the chain that it cannot know, and a reader that counts
// symbols but not pairs.
#include <math.h>

#include "ch04_pretrain/chains.h"
#include "ch04_pretrain/dirichlet.h"
#include "ch04_pretrain/entropy.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { MOST_SYMBOLS = 8, LENGTH = 128, CHECKED = 50 };

static const Option options[] = {
    {"symbols", "3", "symbols of a chain"}, {"texts", "20000", "texts to draw"}, {0}};

// By position: mean and standard error of a loss.
typedef struct {
    Mean bayes[LENGTH];      // -ln P(symbol drawn)
    double unigram[LENGTH];  // of one who counts symbols only
    double floor[LENGTH], floor_error[LENGTH];
} Curves;

// ln P(text) of all texts with these counts of pairs: prod_i (V-1)! prod_j n_ij! / (n_i
// + V - 1)!, and 1 / V for the first symbol.
static double closed_form(const int *text, int n, int symbols) {
    double count[MOST_SYMBOLS][MOST_SYMBOLS] = {0}, sum = -log(symbols);
    for (int i = 1; i < n; i++) count[text[i - 1]][text[i]]++;
    for (int a = 0; a < symbols; a++) {
        double total = 0;
        for (int b = 0; b < symbols; b++)
            total += count[a][b], sum += lgamma(count[a][b] + 1);
        sum += lgamma(symbols) - lgamma(total + symbols);
    }
    return sum;
}

static double worst_difference(Rng *rng, int symbols) {
    double worst = 0, nats[LENGTH];
    int text[LENGTH];
    for (int t = 0; t < CHECKED; t++) {
        double sum = 0;
        chains_write(rng, symbols, text, LENGTH);
        chains_surprise(text, LENGTH, symbols, nats);
        for (int i = 0; i < LENGTH; i++) sum -= nats[i];
        worst = nan_max(worst, fabs(sum - closed_form(text, LENGTH, symbols)));
    }
    return worst;
}

static void add_text(Curves *c, const int *text, int symbols) {
    double nats[LENGTH], count[MOST_SYMBOLS] = {0};
    chains_surprise(text, LENGTH, symbols, nats);
    for (int i = 0; i < LENGTH; i++) {
        mean_add(&c->bayes[i], nats[i]);
        c->unigram[i] -= log((count[text[i]] + 1) / (i + symbols));
        count[text[i]]++;
    }
}

static Curves measure(Rng *rng, int symbols, int texts) {
    Curves c = {0};
    int text[LENGTH];
    for (int t = 0; t < texts; t++) {
        chains_write(rng, symbols, text, LENGTH);
        add_text(&c, text, symbols);
    }
    for (int i = 0; i < LENGTH; i++) c.unigram[i] /= texts;
    chains_floor(rng, symbols, texts, LENGTH, c.floor, c.floor_error);
    return c;
}

static Mean row_entropies(Rng *rng, int symbols, int rows) {
    Mean mean = {0};
    double row[MOST_SYMBOLS];
    for (int r = 0; r < rows; r++) {
        rng_dirichlet(rng, 1, row, symbols);
        mean_add(&mean, entropy(row, symbols));
    }
    return mean;
}

static void claim_curves(Lab *lab, const Curves *c, int symbols, double rate,
                         double rate_error) {
    double worst = 0;
    for (int i = 2; i < LENGTH; i++) {
        double error = hypot(mean_error(c->bayes[i]), c->floor_error[i]);
        worst = nan_max(worst, fabs(mean_of(c->bayes[i]) - c->floor[i]) / error);
    }
    // nothing is known of the first symbol's row: 1e-12 for the mean of equal numbers
    claim_near(lab, "4.13", "first and second symbol: ln V", 2 * log(symbols),
               mean_of(c->bayes[0]) + mean_of(c->bayes[1]), 1e-9);
    claim_at_most(lab, "4.13", "loss less entropy, worst of 126, standard errors", 5,
                  worst);
    claim_at_least(lab, "4.14", "last position: Bayes above the chain's own h",
                   rate - 5 * rate_error, c->floor[LENGTH - 1]);
    // Not derived: what counting pairs is worth beyond counting symbols. It is 0.1 for
    // three symbols, and its standard error below 0.01.
    claim_at_least(lab, "4.14", "last position: counting symbols only loses",
                   c->floor[LENGTH - 1] + 0.05, c->unigram[LENGTH - 1]);
}

static void draw(Lab *lab, const Curves *c, double rate) {
    Plot *p = plot_new(lab, "random_chains", "position floor bayes error unigram h");
    for (int i = 0; i < LENGTH; i++)
        plot_row(p, i + 1, c->floor[i], mean_of(c->bayes[i]), mean_error(c->bayes[i]),
                 c->unigram[i], rate);
    plot_axes(p, "position in the text", "nats per symbol");
    plot_set(p, "logscale x"), plot_set(p, "xrange [0.9:140]");
    plot_line(p, "position", "floor", "floor: (n_{ij} + 1) / (n_i + V)");
    plot_dashes(p, "position", "h", "mean h of the chains");
    plot_errors(p, "position", "bayes", "error", "Bayes' predictor");
    plot_points(p, "position", "unigram", "counts symbols only");
    plot_end(p);
}

static void run(Lab *lab) {
    int symbols = (int)option_int(&lab->args, "symbols", 2, MOST_SYMBOLS);
    int texts = (int)option_int(&lab->args, "texts", 500, 10000000);
    double rate_error, harmonic = 0;
    for (int k = 2; k <= symbols; k++) harmonic += 1.0 / k;
    Mean row = row_entropies(&lab->rng, symbols, texts);
    double rate = chains_entropy_rate(&lab->rng, symbols, texts, &rate_error);
    Curves c = measure(&lab->rng, symbols, texts);
    // 128 logarithms of either kind, of sums up to 200
    claim_near(lab, "4.12", "chain rule against closed form, worst of 50 texts", 0,
               worst_difference(&lab->rng, symbols), 1e-10);
    claim_near(lab, "4.12", "mean entropy of a row: 1/2 + .. + 1/V", harmonic,
               mean_of(row), 5 * mean_error(row));
    claim_curves(lab, &c, symbols, rate, rate_error);
    draw(lab, &c, rate);
}

const LabSpec lab_random_chains = {"random-chains", "4.4", "Learning within one text",
                                   run, options};
