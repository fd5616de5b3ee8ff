// Why likely text repeats itself. Lecture, section 4.15.
//
// The language is a Markov source of order 2: a perfect model of it is known, so what is
// seen here is no model's fault. Weights of the graph of contexts are ln P(x | context);
// m is the largest mean of a cycle.
//
//     greedy       on a cycle within V^k symbols;  ln P per symbol  <= m
//     beam, best   ln P per symbol -> m
//     sampling     ln P per symbol -> -h, far below
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/sample.h"
#include "ch04_pretrain/beam.h"
#include "ch04_pretrain/cycle_mean.h"
#include "common/error.h"
#include "common/numeric/mean.h"
#include "common/numeric/small.h"
#include "common/program/plot.h"

enum { ORDER = 2, MOST_SYMBOLS = 6, MOST_CONTEXTS = 36, SOURCES = 20 };
enum { LENGTH = 300, LONG = 4000, TEXTS = 40, BEAM = 8, WIDTH = 8, WINDOW = 32 };

static const Option options[] = {{"symbols", "6", "symbols of the source"},
                                 {"concentration", "1", "rows: Dirichlet of this"},
                                 {0}};

// The source as a graph: contexts are its states.
typedef struct {
    Language l;
    int symbols, contexts;
    double log_p[MOST_CONTEXTS][MOST_SYMBOLS];
    double h, best_cycle;
} Graph;

static int after(const Graph *g, int context, int symbol) {
    return (context * g->symbols + symbol) % g->contexts;
}

static Graph graph_new(uint64_t seed, int symbols, double concentration) {
    LanguageSettings s = {seed, symbols, ORDER, concentration};
    Graph g = {language_new(LANGUAGE_MARKOV, &s), symbols, symbols * symbols};
    double *weight = allocate((size_t)(g.contexts * g.contexts), sizeof *weight);
    for (int i = 0; i < g.contexts * g.contexts; i++) weight[i] = -INFINITY;
    for (int c = 0; c < g.contexts; c++) {
        const int text[ORDER] = {c / symbols, c % symbols};
        g.l.kind->next(&g.l, text, ORDER, g.log_p[c]);
        for (int x = 0; x < symbols; x++) {
            g.log_p[c][x] = log(g.log_p[c][x]);
            weight[c * g.contexts + after(&g, c, x)] = g.log_p[c][x];
        }
    }
    g.h = g.l.kind->entropy_rate(&g.l).value;
    g.best_cycle = cycle_mean_most(weight, g.contexts);
    free(weight);
    return g;
}

static double least_log_p(const Graph *g) {
    double least = 0;
    for (int c = 0; c < g->contexts; c++)
        for (int x = 0; x < g->symbols; x++) least = fmin(least, g->log_p[c][x]);
    return least;
}

// ln P of text[0 .. n-1], symbol by symbol.
static void log_probs(const Graph *g, const int *text, int n, double *to) {
    g->l.kind->surprise(&g->l, text, n, to);
    for (int i = 0; i < n; i++) to[i] = -to[i];
}

static double mean_log_prob(const Graph *g, const int *text, int n) {
    return language_log_prob(&g->l, text, n) / n;
}

// ---- ways to write

// ln P(next), given the text's last symbols; a text begins in equilibrium.
static void log_probs_after(const Graph *g, const int *text, int n, double *to) {
    if (n >= ORDER) {
        const double *row = g->log_p[text[n - 2] * g->symbols + text[n - 1]];
        memcpy(to, row, (size_t)g->symbols * sizeof *to);
        return;
    }
    g->l.kind->next(&g->l, text, n, to);
    for (int x = 0; x < g->symbols; x++) to[x] = log(to[x]);
}

// n symbols by the rules of `s`; penalties see the last WINDOW of them.
static void write_by(const Graph *g, Sampling *s, int *text, int n) {
    real at[MOST_SYMBOLS];
    double log_p[MOST_SYMBOLS];
    Mat logits = mat_view(at, 1, g->symbols);
    for (int i = 0; i < n; i++) {
        log_probs_after(g, text, i, log_p);
        for (int x = 0; x < g->symbols; x++) at[x] = (real)log_p[x];
        int first = i > WINDOW ? i - WINDOW : 0;
        penalise(logits, &s->penalties, text + first, 0, i - first);
        text[i] = token_choose(logits, s).token;
    }
}

// What beam search asks (predictor.h): of each text the last symbols are enough.
typedef struct {
    const Graph *g;
    int length, last[BEAM][ORDER];
} Walk;

static void walk_begin(Predictor *p, double *log_p) {
    Walk *w = p->self;
    w->length = 0;
    log_probs_after(w->g, NULL, 0, log_p);
}

static void walk_step(Predictor *p, const int *parent, const int *token, int count,
                      double *log_p) {
    Walk *w = p->self;
    int before[BEAM][ORDER], seen = int_min(++w->length, ORDER);
    memcpy(before, w->last, sizeof before);
    for (int b = 0; b < count; b++) {
        int *last = w->last[b];
        if (w->length <= ORDER) memcpy(last, before[parent[b]], sizeof w->last[b]);
        else memcpy(last, before[parent[b]] + 1, (ORDER - 1) * sizeof *last);
        last[seen - 1] = token[b];
        log_probs_after(w->g, last, seen, log_p + b * w->g->symbols);
    }
}

static void walk_discard(Predictor *p) { (void)p; }

static void write_greedy(const Graph *g, int *text, int n) {
    Sampling s = {.temperature = 0};
    write_by(g, &s, text, n);
}

static void write_beam(const Graph *g, int width, int *text, int n) {
    Walk *w = allocate(1, sizeof *w);
    w->g = g;
    Predictor p = {g->symbols, -1, BEAM, walk_begin, walk_step, walk_discard, w};
    Beams b = beam_search(&p, width, n, 0);
    memcpy(text, b.list[0].tokens, (size_t)n * sizeof *text);
    beams_free(&b), predictor_free(&p);
}

// ln P of the most likely text of n symbols: the best walk, state by state, from any
// first context.
static double best_log_prob(const Graph *g, int n) {
    double best[MOST_CONTEXTS], next[MOST_CONTEXTS], most = -INFINITY;
    for (int c = 0; c < g->contexts; c++) {
        const int text[ORDER] = {c / g->symbols, c % g->symbols};
        best[c] = language_log_prob(&g->l, text, ORDER);
    }
    for (int i = ORDER; i < n; i++) {
        for (int c = 0; c < g->contexts; c++) next[c] = -INFINITY;
        for (int c = 0; c < g->contexts; c++)
            for (int x = 0; x < g->symbols; x++) {
                double *to = &next[after(g, c, x)];
                *to = fmax(*to, best[c] + g->log_p[c][x]);
            }
        memcpy(best, next, sizeof best);
    }
    for (int c = 0; c < g->contexts; c++) most = fmax(most, best[c]);
    return most;
}

// ---- what is seen

// After how many symbols a context came a second time: from there on all repeats.
static int until_repeated(const Graph *g, const int *text, int n) {
    bool seen[MOST_CONTEXTS] = {false};
    for (int i = ORDER; i <= n; i++) {
        int context = text[i - 2] * g->symbols + text[i - 1];
        if (seen[context]) return i - ORDER;
        seen[context] = true;
    }
    return n;
}

// The share of WIDTH-grams that occurred before in the text.
static double repeats(const int *text, int n) {
    int old = 0, grams = n - WIDTH + 1;
    for (int i = 1; i < grams; i++)
        for (int k = 0; k < i; k++)
            if (memcmp(text + i, text + k, WIDTH * sizeof *text) == 0) {
                old++;
                break;
            }
    return (double)old / (grams - 1);
}

// ---- claims

// ln P per symbol on the cycle that a greedy text ends in.
static double cycle_of(const Graph *g, const int *text, int n) {
    double log_p[LENGTH], mean = 0;
    int at = until_repeated(g, text, n) + ORDER, period = 1;
    log_probs(g, text, n, log_p);
    while (memcmp(text + at, text + at + period, ORDER * sizeof *text) != 0) period++;
    for (int i = 0; i < period; i++) mean += log_p[at + i] / period;
    return mean;
}

static void claim_cycles(Lab *lab, int symbols, double concentration) {
    int longest = 0, above = 0, near = 0, text[LENGTH];
    double worst = 0;
    for (int k = 0; k < SOURCES; k++) {
        Graph g = graph_new(lab->seed + (uint64_t)k, symbols, concentration);
        write_greedy(&g, text, LENGTH);
        longest = int_max(longest, until_repeated(&g, text, LENGTH));
        above += cycle_of(&g, text, LENGTH) > g.best_cycle + 1e-9;
        // A walk of n edges weighs at most n m + contexts x (m - the least weight): it is
        // cycles and a path. And the best one has as much less at most.
        double mean = best_log_prob(&g, LONG) / LONG;
        double room = (g.contexts + ORDER) * (g.best_cycle - least_log_p(&g)) / LONG;
        worst = nan_max(worst, fabs(mean - g.best_cycle) / room);
        write_beam(&g, BEAM, text, LENGTH);
        near += mean_log_prob(&g, text, LENGTH) > g.best_cycle - 0.03;
        language_free(&g.l);
        lab_progress(lab, k + 1, SOURCES);
    }
    claim_at_most(lab, "4.92", "greedy: symbols until a context came twice, of 20",
                  symbols * symbols, longest);
    claim_equal(lab, "4.93", "greedy cycles with a larger mean than m, of 20", 0,
                above);
    claim_at_most(lab, "4.93", "most likely text: ln P per symbol off m, of the bound",
                  1, worst);
    // found: eight beams mostly, not always, end near the best cycle
    claim_at_least(lab, "4.95", "beam 8 within 0.03 of m, of 20 sources", 12, near);
}

typedef struct {
    double true_mean, true_error, true_repeats, greedy, beam, best;
    int greedy_text[LENGTH], beam_text[LENGTH], true_text[LENGTH];
} Study;

static Study study(Lab *lab, const Graph *g) {
    Study s = {0};
    Mean means = {0}, seen = {0};
    Sampling plain = sampling_plain(lab->rng);
    int text[LONG];
    for (int i = 0; i < TEXTS; i++) {
        write_by(g, &plain, text, LONG);
        mean_add(&means, mean_log_prob(g, text, LONG));
        mean_add(&seen, repeats(text, LENGTH));
        lab_progress(lab, i + 1, TEXTS);
    }
    memcpy(s.true_text, text, sizeof s.true_text);
    s.true_mean = mean_of(means), s.true_error = mean_error(means);
    s.true_repeats = mean_of(seen);
    write_greedy(g, s.greedy_text, LENGTH), write_beam(g, BEAM, s.beam_text, LENGTH);
    s.greedy = mean_log_prob(g, s.greedy_text, LENGTH);
    s.beam = mean_log_prob(g, s.beam_text, LENGTH);
    s.best = best_log_prob(g, LENGTH) / LENGTH;
    return s;
}

// The first symbols are not yet in equilibrium with what follows, by less than ln(number
// of contexts) / LONG.
static void claim_study(Lab *lab, const Graph *g, const Study *s) {
    claim_near(lab, "4.94", "sampled at T = 1: ln P per symbol is -h", -g->h,
               s->true_mean, 5 * s->true_error + log(g->contexts) / LONG);
    claim_at_most(lab, "4.95", "beam 8: ln P per symbol, most likely text's at most",
                  s->best + 1e-9, s->beam);
    claim_at_least(lab, "4.96", "ln P per symbol: beam beyond sampled text", 0.1,
                   s->beam - s->true_mean);
    claim_at_least(lab, "4.97", "beam: share of 8-grams that repeat", 0.9,
                   repeats(s->beam_text, LENGTH));
    claim_at_least(lab, "4.97", "beam: the same, sampled text's at least",
                   s->true_repeats, repeats(s->beam_text, LENGTH));
}

// ---- figures

static void draw_texts(Lab *lab, const Graph *g, const Study *s) {
    double sampled[LENGTH], greedy[LENGTH], beam[LENGTH], sum[3] = {0};
    log_probs(g, s->true_text, LENGTH, sampled);
    log_probs(g, s->greedy_text, LENGTH, greedy);
    log_probs(g, s->beam_text, LENGTH, beam);
    Plot *p = plot_new(lab, "repetition", "n sampled greedy beam typical most");
    for (int i = 0; i < LENGTH; i++) {
        sum[0] += sampled[i], sum[1] += greedy[i], sum[2] += beam[i];
        if (i < 4 || (i > 40 && i % 6)) continue;
        int n = i + 1;
        plot_row(p, n, sum[0] / n, sum[1] / n, sum[2] / n, -g->h, g->best_cycle);
    }
    plot_axes(p, "symbols", "ln P(text) per symbol");
    plot_set(p, "yrange [*:0]");
    plot_line(p, "n", "most", "m, the best cycle");
    plot_line(p, "n", "typical", "-h");
    plot_points(p, "n", "beam", "beam of 8");
    plot_points(p, "n", "greedy", "greedy");
    plot_points(p, "n", "sampled", "sampled");
    plot_end(p);
}

typedef struct {
    double repeats, log_prob;
} Point;

static Point point_of(Lab *lab, const Graph *g, Sampling s) {
    Mean seen = {0}, means = {0};
    int text[LENGTH];
    s.rng = lab->rng;
    for (int i = 0; i < TEXTS / 2; i++) {
        write_by(g, &s, text, LENGTH);
        mean_add(&seen, repeats(text, LENGTH));
        mean_add(&means, mean_log_prob(g, text, LENGTH));
    }
    return (Point){mean_of(seen), mean_of(means)};
}

enum { FAMILIES = 4, STEPS = 6 };
static const char *const families[FAMILIES] = {"temperature", "top_p", "beam",
                                               "frequency"};

static Point family_point(Lab *lab, const Graph *g, int family, int step) {
    static const double temperature[STEPS] = {0.2, 0.4, 0.6, 0.8, 1, 1.5},
                        top_p[STEPS] = {0.3, 0.5, 0.7, 0.8, 0.9, 1},
                        penalty[STEPS] = {0, 0.02, 0.05, 0.1, 0.2, 0.4};
    static const int width[STEPS] = {1, 2, 3, 4, 6, 8};
    Sampling s = sampling_plain(lab->rng);
    int text[LENGTH];
    if (family == 0) s.temperature = temperature[step];
    if (family == 1) s.top_p = top_p[step];
    if (family == 3) s.temperature = 0.4, s.penalties.frequency = penalty[step];
    if (family != 2) return point_of(lab, g, s);
    write_beam(g, width[step], text, LENGTH);
    return (Point){repeats(text, LENGTH), mean_log_prob(g, text, LENGTH)};
}

static void draw_methods(Lab *lab, const Graph *g, const Study *s) {
    Plot *p = plot_new(lab, "repetition_methods",
                       "repeats temperature top_p beam frequency truth");
    plot_title(p, "What makes text repeat itself, and what helps");
    for (int f = 0; f < FAMILIES; f++)
        for (int k = 0; k < STEPS; k++) {
            Point at = family_point(lab, g, f, k);
            double row[FAMILIES + 2] = {at.repeats, NAN, NAN, NAN, NAN, NAN};
            row[1 + f] = at.log_prob;
            plot_row_values(p, row);
        }
    plot_row(p, s->true_repeats, NAN, NAN, NAN, NAN, s->true_mean);
    plot_axes(p, "share of 8-grams that occurred before", "ln P(text) per symbol");
    plot_set(p, "xrange [0:1.02]"), plot_set(p, "yrange [*:0]");
    plot_set(p, "key outside top center horizontal");
    const char *const titles[FAMILIES] = {"temperature .2 to 1.5", "top-p .3 to 1",
                                          "beam 1 to 8",
                                          "frequency penalty 0 to .4, at T = .4"};
    for (int f = 0; f < FAMILIES; f++)
        plot_series(
            p,
            "using \"repeats\":\"%s\" with linespoints pointtype 7 pointsize 0.7 "
            "linewidth 2 linecolor \"%s\" title \"%s\"",
            families[f], plot_line_colour(f), titles[f]);
    plot_series(p,
                "using \"repeats\":\"truth\" with points pointtype 6 pointsize 2 "
                "linewidth 2 linecolor \"%s\" title \"the language itself\"",
                PLOT_BLACK);
    plot_end(p);
}

static void run(Lab *lab) {
    int symbols = (int)option_int(&lab->args, "symbols", 2, MOST_SYMBOLS);
    double concentration = option_real(&lab->args, "concentration", 0.05, 100);
    claim_cycles(lab, symbols, concentration);
    Graph g = graph_new(lab->seed, symbols, concentration);
    Study s = study(lab, &g);
    claim_study(lab, &g, &s);
    draw_texts(lab, &g, &s), draw_methods(lab, &g, &s);
    language_free(&g.l);
}

const LabSpec lab_repetition = {"repetition", "4.15", "Why likely text repeats itself",
                                run, options};
