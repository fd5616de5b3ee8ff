// Before transformers: n-grams on the stories, against the floor. Lecture, section 4.6.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch04_pretrain/entropy.h"
#include "ch04_pretrain/markov.h"
#include "ch04_pretrain/ngram.h"
#include "ch04_pretrain/story.h"
#include "common/error.h"
#include "common/program/plot.h"

enum { ORDERS = 5, SIZES = 7, LONGEST = 4096 };

static const Option options[] = {{"words", "256000", "words to learn from, at most"},
                                 {"stories", "400", "stories to measure on"},
                                 {0}};

typedef struct {
    int *text;
    size_t size, capacity;
    size_t *begin;  // of each document; begin[count] is the end
    size_t count, begin_capacity;
} Documents;

static void documents_add(Documents *d, const int *text, int n) {
    reserve(d->text, d->capacity, d->size + (size_t)n);
    reserve(d->begin, d->begin_capacity, d->count + 2);
    if (d->count == 0) d->begin[0] = 0;
    for (int i = 0; i < n; i++) d->text[d->size++] = text[i];
    d->begin[++d->count] = d->size;
}

static Documents draw_stories(const Story *s, Rng *rng, size_t words, size_t stories) {
    Documents d = {0};
    int text[LONGEST];
    while (d.size < words || d.count < stories)
        documents_add(&d, text, story_write(s, rng, text, LONGEST));
    return d;
}

static Ngram learn(const Documents *d, int order, int vocabulary, size_t words) {
    Ngram g = ngram_new(order, vocabulary);
    for (size_t i = 0; i < d->count && d->begin[i + 1] <= words; i++)
        ngram_add(&g, d->text + d->begin[i], d->begin[i + 1] - d->begin[i]);
    ngram_finish(&g);
    return g;
}

// Paired excess over the floor on the same words: mean per word, and its error from the
// stories' sums.
typedef struct {
    double loss, excess, error;
} Score;

static double add_k_nats(const Ngram *g, double k, const int *text, size_t n) {
    NgramReader r = ngram_begin(g);
    double nats = 0;
    for (size_t i = 0; i < n; i++) {
        nats -= log(ngram_add_k(g, &r, g->order, k, text[i]));
        ngram_read(g, &r, text[i]);
    }
    return nats;
}

static double story_nats(const Story *s, const int *text, size_t n) {
    StoryReader r = story_begin(s);
    double nats = 0;
    for (size_t i = 0; i < n; i++) nats -= log(story_read(s, &r, text[i]));
    return nats;
}

// k < 0: Kneser-Ney. The error is a ratio's: of sums of excess by sums of words.
static Score score(const Story *s, const Ngram *g, const Documents *d, double k) {
    double loss = 0, excess = 0, bb = 0, bn = 0, nn = 0, words = (double)d->size;
    for (size_t i = 0; i < d->count; i++) {
        const int *text = d->text + d->begin[i];
        size_t n = d->begin[i + 1] - d->begin[i];
        double nats = k < 0 ? ngram_nats(g, text, n) : add_k_nats(g, k, text, n);
        double beyond = nats - story_nats(s, text, n), length = (double)n;
        loss += nats, excess += beyond;
        bb += beyond * beyond, bn += beyond * length, nn += length * length;
    }
    double ratio = excess / words;
    double squares = bb - 2 * ratio * bn + ratio * ratio * nn;
    return (Score){loss / words, ratio, sqrt(fmax(squares, 0)) / words};
}

typedef struct {
    size_t words;
    Score kneser_ney[ORDERS + 1], add_k;
} Row;

// Mean loss of words of one kind, Kneser-Ney of the full order.
static double loss_of_kind(const Story *s, const Ngram *g, const Documents *d,
                           WordKind kind) {
    double nats = 0;
    long count = 0;
    for (size_t i = 0; i < d->count; i++) {
        NgramReader r = ngram_begin(g);
        StoryReader place = story_begin(s);
        for (size_t k = d->begin[i]; k < d->begin[i + 1]; k++) {
            if (story_kind(s, &place) == kind) {
                nats -= log(ngram_kneser_ney(g, &r, g->order, d->text[k]));
                count++;
            }
            ngram_read(g, &r, d->text[k]);
            story_read(s, &place, d->text[k]);
        }
    }
    return nats / (double)count;
}

// How far the sum over the vocabulary is from 1, at worst, along one document.
static double worst_sum(const Ngram *g, const int *text, size_t n) {
    NgramReader r = ngram_begin(g);
    double worst = 0;
    for (size_t i = 0; i < n; i++) {
        double sum = 0;
        for (int w = 0; w < g->vocabulary; w++)
            sum += ngram_kneser_ney(g, &r, g->order, w);
        worst = nan_max(worst, fabs(sum - 1));
        ngram_read(g, &r, text[i]);
    }
    return worst;
}

static void claim_rows(Lab *lab, const Row *rows) {
    const Row *last = &rows[SIZES - 1];
    claim_at_least(lab, "4.20", "add-1/2 trigram less Kneser-Ney, all words",
                   last->kneser_ney[3].loss + 4 * last->kneser_ney[3].error,
                   last->add_k.loss);
}

// One who knows how often each word occurs, and no more, loses the entropy of that.
static void claim_unigram(Lab *lab, const Story *s, const Row *last) {
    double *shares = allocate((size_t)s->count, sizeof *shares);
    story_word_shares(s, shares);
    StoryTotals t = story_totals(s);
    double words = 0, nats = 0;
    for (int k = 0; k < WORD_KINDS; k++) words += t.words[k], nats += t.nats[k];
    const Score *one = &last->kneser_ney[1];
    // Learning 240 shares from 256,000 words costs 240 / 2n = 0.0005; twice that, and
    // five errors of the excess on these stories.
    claim_near(lab, "4.19", "1-gram: excess is H(word shares) - floor",
               entropy(shares, s->count) - nats / words, one->excess,
               5 * one->error + 0.001);
    free(shares);
}

// An order that the model has: a Markov source of order 2, where three symbols suffice.
static void claim_markov(Lab *lab, Rng *rng) {
    enum { LENGTH = 200000 };
    Markov m = markov_random(rng, 3, 2, 0.5, 0.02);
    int *text = allocate(LENGTH, sizeof *text);
    Ngram g = ngram_new(3, 3);
    automaton_write(&m.automaton, &ALWAYS, rng, text, LENGTH);
    ngram_add(&g, text, LENGTH), ngram_finish(&g);
    automaton_write(&m.automaton, &ALWAYS, rng, text, LENGTH);
    Reader r = reader_new(&m.automaton, &ALWAYS);
    double truth = 0;
    for (int i = 0; i < LENGTH; i++) truth -= log(reader_read(&r, text[i]));
    double excess = (ngram_nats(&g, text, LENGTH) - truth) / LENGTH;
    // k / 2n is 3e-5; what is left of 0.001 is for discounts that nothing needs here
    claim_near(lab, "4.19", "Markov source of order 2, trigram: excess", 0, excess,
               0.001);
    reader_free(&r), ngram_free(&g), markov_free(&m);
    free(text);
}

static void draw(Lab *lab, const Row *rows, double floor) {
    Plot *p = plot_new(lab, "kneser_ney", "words n1 n2 n3 n4 n5 add_k floor");
    for (int i = 0; i < SIZES; i++) {
        const Score *k = rows[i].kneser_ney;
        plot_row(p, (double)rows[i].words, k[1].loss, k[2].loss, k[3].loss, k[4].loss,
                 k[5].loss, rows[i].add_k.loss, floor);
    }
    plot_axes(p, "words learned from", "nats per word");
    plot_set(p, "logscale x"), plot_set(p, "yrange [0:*]");
    plot_line(p, "words", "floor", "floor of these stories");
    const char *const style =
        "with linespoints pointtype 7 pointsize 0.6 linewidth 1.5";
    const char *const colour[] = {"",        "#000000", "#e69f00",
                                  "#56b4e9", "#cc79a7", "#d55e00"};
    for (int n = 1; n <= ORDERS; n++)
        plot_series(p, "using \"words\":\"n%d\" %s linecolor \"%s\" title \"%d-gram\"",
                    n, style, colour[n], n);
    plot_series(p,
                "using \"words\":\"add_k\" with linespoints dashtype 2 pointtype 4 "
                "pointsize 0.6 linecolor \"#7f7f7f\" title \"trigram, add 1/2\"");
    plot_end(p);
}

static void run(Lab *lab) {
    long words = option_int(&lab->args, "words", 6400, 20000000);
    long stories = option_int(&lab->args, "stories", 50, 1000000);
    Story s = story_new();
    Documents train = draw_stories(&s, &lab->rng, (size_t)words, 1);
    Documents test = draw_stories(&s, &lab->rng, 1, (size_t)stories);
    Row rows[SIZES] = {0};
    double sum = 0, kinds[WORD_KINDS] = {0};
    for (int i = 0; i < SIZES; i++) {
        rows[i].words = (size_t)words >> (SIZES - 1 - i);
        for (int n = 1; n <= ORDERS; n++) {
            Ngram g = learn(&train, n, s.count, rows[i].words);
            rows[i].kneser_ney[n] = score(&s, &g, &test, -1);
            if (n == 3) rows[i].add_k = score(&s, &g, &test, 0.5);
            if (n == ORDERS && i == SIZES - 1)
                sum = worst_sum(&g, test.text, test.begin[1]);
            for (int k = 0; k < WORD_KINDS && n == ORDERS; k++)
                kinds[k] = loss_of_kind(&s, &g, &test, (WordKind)k);
            ngram_free(&g);
        }
        lab_progress(lab, i + 1, SIZES);
    }
    const Score *best = &rows[SIZES - 1].kneser_ney[ORDERS];
    double floor = best->loss - best->excess;
    for (int n = 1; n <= ORDERS; n++)
        lab_print(lab, "%d-gram, all words: %.4f nats per word, floor + %.4f +- %.4f",
                  n, rows[SIZES - 1].kneser_ney[n].loss,
                  rows[SIZES - 1].kneser_ney[n].excess,
                  rows[SIZES - 1].kneser_ney[n].error);
    // a sum of 241 numbers, five roundings each
    claim_near(lab, "4.18", "5-gram: sum over all words, largest error", 0, sum, 1e-12);
    claim_rows(lab, rows);
    for (int k = 0; k < WORD_KINDS; k++)
        lab_print(lab, "5-gram, %s: %.4f nats per word", word_kind_names[k], kinds[k]);
    // An answer follows from what was said many words ago; its last four words leave
    // open which of 24 names or six places it is: found 2.2 nats, and 1 is far below.
    claim_at_least(lab, "4.20", "5-gram on answers, whose floor is 0", 1,
                   kinds[WORD_ANSWER]);
    claim_unigram(lab, &s, &rows[SIZES - 1]);
    claim_markov(lab, &lab->rng);
    draw(lab, rows, floor);
    free(train.text), free(train.begin), free(test.text), free(test.begin);
    story_free(&s);
}

const LabSpec lab_kneser_ney = {"kneser-ney", "4.6", "Before transformers: n-grams",
                                run, options};
