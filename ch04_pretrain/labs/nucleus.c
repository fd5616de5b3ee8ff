// Cutting the tail: what top-k, top-p and min-p cost, and what they save. Lecture,
// section 4.14.
//
// The model here knows the stories' next words exactly, and gives a share of its
// probability to all words, as often as they occur: so an imperfect one does. A filter
// should cut those words and keep the others.
#include <stdlib.h>

#include "ch04_pretrain/labs/exact_logits.h"
#include "ch04_pretrain/language.h"
#include "ch04_pretrain/story.h"
#include "common/error.h"
#include "common/program/plot.h"

enum { STORIES = 24, LONGEST = 400, SETTINGS = 9, RULES = 3 };

static const double NOISE = 0.2;

static const Option options[] = {
    {"noise", "0.2", "share of the model's probability that is spread over all words"},
    {0}};

static const char *const rule_names[RULES] = {"top-k", "top-p", "min-p"};
static const double values[RULES][SETTINGS] = {
    {1, 2, 3, 5, 8, 12, 16, 24, 48},
    {.2, .4, .6, .7, .8, .85, .9, .95, .99},
    {.9, .5, .3, .2, .1, .05, .02, .01, .004},
};

static Sampling sampling_of(int rule, double value) {
    Sampling s = sampling_plain((Rng){0});
    if (rule == 0) s.top_k = (int)value;
    if (rule == 1) s.top_p = value;
    if (rule == 2) s.min_p = value;
    return s;
}

typedef struct {
    double wrong, lost;  // words that cannot follow; probability of those that could
    double count;        // of candidates
} Tally;

typedef struct {
    double divergence, entropy, below, above;  // the largest deviations
} Worst;

typedef struct {
    const Language *l;
    double noise;
    Mat logits;
    double *p, *shares;  // the truth; how often words occur
    Tally tally[RULES][SETTINGS];
    long positions;
    Worst worst;
    double drawn, expected, variance;  // wrong words by top-p .9
} Study;

// KL(q || p) of the candidates that are left, from its definition.
static double divergence_of(const Candidates *c) {
    double nats = 0;
    for (int i = 0; i < c->count; i++) {
        double q = c->list[i].p / c->total;
        nats += q * log(q / c->list[i].p);
    }
    return nats;
}

static void check_laws(Worst *w, const Candidates *c, int rule, double value) {
    double last = INFINITY, off = fabs(divergence_of(c) + log(c->total));
    for (int i = 0; i < c->count; i++) last = fmin(last, c->list[i].p);
    w->divergence = nan_max(w->divergence, off);
    w->entropy = nan_max(w->entropy, candidates_entropy(c) - log(c->count));
    if (rule != 1) return;
    w->below = nan_max(w->below, value - c->total);
    w->above = nan_max(w->above, c->total - value - last);
}

static double wrong_share(const Candidates *c, const double *p) {
    double wrong = 0;
    for (int i = 0; i < c->count; i++)
        if (p[c->list[i].token] == 0) wrong += c->list[i].p / c->total;
    return wrong;
}

static void try_rule(Study *s, int rule, int k) {
    Sampling sampling = sampling_of(rule, values[rule][k]);
    Candidates c = candidates_of(s->logits, &sampling);
    double kept = 0;
    for (int i = 0; i < c.count; i++) kept += s->p[c.list[i].token];
    check_laws(&s->worst, &c, rule, values[rule][k]);
    s->tally[rule][k].wrong += wrong_share(&c, s->p);
    s->tally[rule][k].lost += 1 - kept;
    s->tally[rule][k].count += c.count;
    candidates_free(&c);
}

// One draw by top-p .9, and how likely it was to be a wrong word.
static void draw_one(Study *s, Rng *rng) {
    Sampling sampling = sampling_of(1, .9);
    Candidates c = candidates_of(s->logits, &sampling);
    double wrong = wrong_share(&c, s->p);
    candidates_free(&c);
    sampling.rng = *rng;
    s->drawn += s->p[token_choose(s->logits, &sampling).token] == 0;
    *rng = sampling.rng;
    s->expected += wrong, s->variance += wrong * (1 - wrong);
}

static void study_position(Study *s, const int *text, int n, Rng *rng) {
    int symbols = s->l->symbols;
    double *model = allocate((size_t)symbols, sizeof *model);
    s->l->kind->next(s->l, text, n, s->p);
    for (int x = 0; x < symbols; x++)
        model[x] = (1 - s->noise) * s->p[x] + s->noise * s->shares[x];
    logits_of(s->logits, model);
    for (int rule = 0; rule < RULES; rule++)
        for (int k = 0; k < SETTINGS; k++) try_rule(s, rule, k);
    for (int k = 0; k < 4; k++) draw_one(s, rng);
    s->positions++;
    free(model);
}

static void study(Lab *lab, Study *s) {
    int text[LONGEST];
    for (int i = 0; i < STORIES; i++) {
        Rng rng = rng_split(&lab->rng, (uint64_t)i);
        int n = s->l->kind->generate(s->l, &rng, text, LONGEST);
        for (int t = 0; t < n; t++) study_position(s, text, t, &rng);
        lab_progress(lab, i + 1, STORIES);
    }
    for (int r = 0; r < RULES; r++)
        for (int k = 0; k < SETTINGS; k++) {
            Tally *t = &s->tally[r][k];
            double n = (double)s->positions;
            t->wrong /= n, t->lost /= n, t->count /= n;
        }
}

// Least share of good words lost by a rule that lets at most `wrong` bad ones through.
static double least_lost(const Tally *t, double wrong) {
    double least = 1;
    for (int k = 0; k < SETTINGS; k++)
        if (t[k].wrong <= wrong) least = fmin(least, t[k].lost);
    return least;
}

static void claim_laws(Lab *lab, const Study *s) {
    // sums of a few hundred terms in double
    claim_near(lab, "4.83", "KL(q || p) + ln(kept mass), largest", 0,
               s->worst.divergence, 1e-12);
    claim_at_most(lab, "4.84", "H(q) - ln k, largest", 1e-12, s->worst.entropy);
    // filters.c counts a sum that is 1e-6 short as reached
    claim_at_most(lab, "4.85", "top-p: p less the kept mass, largest", 1e-6,
                  s->worst.below);
    claim_at_most(lab, "4.85", "top-p: kept mass less (p + the last one's)", 0,
                  s->worst.above);
    claim_near(lab, "4.86", "words that cannot follow, drawn by top-p .9", s->expected,
               s->drawn, 5 * sqrt(s->variance));
    if (s->noise != NOISE) return;
    // Found, not derived, for this noise: by how much. A fixed number of candidates is too few where
    // twelve words can follow, and too many where one can.
    double lost[RULES];
    for (int r = 0; r < RULES; r++) lost[r] = least_lost(s->tally[r], 0.02);
    claim_at_least(lab, "4.87", "at 2 % wrong words: good words lost by top-k", 0.1,
                   lost[0]);
    claim_at_most(lab, "4.87", "at 2 % wrong words: lost by top-p", 0.01, lost[1]);
    claim_at_most(lab, "4.87", "at 2 % wrong words: lost by min-p", 0.01, lost[2]);
}

static void draw(Lab *lab, const Study *s) {
    Plot *p = plot_new(lab, "nucleus", "wrong top_k top_p min_p candidates");
    for (int r = 0; r < RULES; r++) {
        for (int k = 0; k < SETTINGS; k++) {
            double row[5] = {100 * s->tally[r][k].wrong, NAN, NAN, NAN,
                             s->tally[r][k].count};
            row[1 + r] = 100 * s->tally[r][k].lost;
            plot_row_values(p, row);
        }
        plot_row(p, NAN, NAN, NAN, NAN, NAN);
    }
    plot_axes(p, "words that cannot follow, per 100 drawn",
              "words that could, per 100, never drawn");
    plot_set(p, "xrange [-0.2:*]"), plot_set(p, "yrange [-2:*]");
    const char *const columns[RULES] = {"top_k", "top_p", "min_p"};
    for (int r = 0; r < RULES; r++)
        plot_series(p,
                    "using \"wrong\":\"%s\" with linespoints pointtype 7 pointsize 0.7 "
                    "linewidth 2 linecolor \"%s\" title \"%s\"",
                    columns[r], plot_line_colour(r), rule_names[r]);
    plot_end(p);
}

static void run(Lab *lab) {
    Language l = language_new(LANGUAGE_STORY, NULL);
    Study s = {.l = &l,
               .noise = option_real(&lab->args, "noise", 0.001, 0.9),
               .logits = mat_new(1, l.symbols),
               .p = allocate((size_t)l.symbols, sizeof(double)),
               .shares = allocate((size_t)l.symbols, sizeof(double)),
               .worst = {0, -INFINITY, -INFINITY, -INFINITY}};
    story_word_shares(l.self, s.shares);
    study(lab, &s);
    claim_laws(lab, &s);
    draw(lab, &s);
    mat_free(s.logits), free(s.p), free(s.shares);
    language_free(&l);
}

const LabSpec lab_nucleus = {"nucleus", "4.14",
                             "What it costs to cut the tail, and saves", run, options};
