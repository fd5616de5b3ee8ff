// Word vectors: what skip-gram with negative sampling has as its optimum, and what it makes
// of stories. Lecture, section 4.29.
#include "ch04_pretrain/word_vectors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/markov.h"
#include "ch04_pretrain/story.h"
#include "common/error.h"
#include "common/numeric/mean.h"
#include "common/numeric/principal.h"
#include "common/program/plot.h"

enum { SYMBOLS = 6, OTHERS = 3, DESCENT = 5000, WRITTEN = 300000 };
enum { DIM = 16, LONGEST = 256, MOST_SHOWN = 64 };

static const Option options[] = {
    {"stories", "1500", "stories to read, 10,000 in a second"},
    {"window", "4", "words before and after"},
    {0}};

// ---- a source whose pairs can be counted exactly

typedef struct {
    double joint[SYMBOLS][SYMBOLS], noise[SYMBOLS];
} Pairs;

// P(w, c) of a word and the one before or after it, either way as likely.
static Pairs pairs_of(const Markov *m) {
    Pairs p = {0};
    for (int w = 0; w < SYMBOLS; w++)
        for (int c = 0; c < SYMBOLS; c++) {
            double chance = m->stationary[w] * m->rows[w * SYMBOLS + c] / 2;
            p.joint[w][c] += chance, p.joint[c][w] += chance;
            p.noise[w] += chance, p.noise[c] += chance;
        }
    return p;
}

static double product_of(const WordVectors *v, int w, int c) {
    double sum = 0;
    for (int j = 0; j < v->dim; j++)
        sum += v->word[w * v->dim + j] * v->context[c * v->dim + j];
    return sum;
}

static double optimum(const Pairs *p, int w, int c) {
    return sgns_optimum(p->joint[0], p->noise, SYMBOLS, OTHERS, w, c);
}

// Of the expected loss, with as many numbers as words: nothing is in the way.
static WordVectors descend(const Pairs *p, Rng *rng) {
    const double RATE = 2;
    WordVectors v = word_vectors_new(SYMBOLS, SYMBOLS, 1, rng);
    for (int step = 0; step < DESCENT; step++)
        sgns_expected(&v, p->joint[0], p->noise, OTHERS, RATE);
    return v;
}

static WordVectors read_source(const Markov *m, Rng *rng) {
    const SgnsSettings s = {1, OTHERS, 1, 0.05, 2};
    int *text = allocate(WRITTEN, sizeof *text);
    automaton_write(&m->automaton, &ALWAYS, rng, text, WRITTEN);
    WordVectors v = word_vectors_new(SYMBOLS, SYMBOLS, 1, rng);
    sgns_train(&v, text, WRITTEN, &s, rng);
    free(text);
    return v;
}

static void run_pmi(Lab *lab) {
    Rng source = rng_new(5);
    Markov m = markov_random(&source, SYMBOLS, 1, 1, 0.02);
    Pairs pairs = pairs_of(&m);
    WordVectors exact = descend(&pairs, &lab->rng), read = read_source(&m, &lab->rng);
    double worst = 0;
    Mean missed = {0};
    Plot *p = plot_new(lab, "sgns_pmi", "optimum line expected read");
    for (int w = 0; w < SYMBOLS; w++)
        for (int c = 0; c < SYMBOLS; c++) {
            double best = optimum(&pairs, w, c), got = product_of(&read, w, c);
            worst = nan_max(worst, fabs(product_of(&exact, w, c) - best));
            mean_add(&missed, (got - best) * (got - best));
            plot_row(p, best, best, product_of(&exact, w, c), got);
        }
    plot_title(p, "w.c of all pairs of six words");
    plot_axes(p, "PMI - ln k", "w.c");
    plot_line(p, "optimum", "line", "derived");
    plot_points(p, "optimum", "expected", "descent on the expected loss");
    plot_points(p, "optimum", "read", "from 300,000 words of text");
    plot_end(p);
    // what 5,000 steps of descent leave
    claim_near(lab, "4.140", "w.c = PMI - ln k, all 36 pairs, largest error", 0, worst,
               1e-9);
    // Not derived: samples, and steps of a rate that does not vanish
    claim_at_most(lab, "4.141", "read from text: rms error of w.c", 0.1,
                  sqrt(mean_of(missed)));
    word_vectors_free(&exact), word_vectors_free(&read), markov_free(&m);
}

// ---- stories

static int *stories_new(const Story *s, Rng *rng, int stories, int *n) {
    int *text = allocate((size_t)stories * LONGEST, sizeof *text);
    *n = 0;
    for (int k = 0; k < stories; k++) *n += story_write(s, rng, text + *n, LONGEST);
    return text;
}

// The words whose kind is known: names, toys and places. (Girls and boys are one kind: a
// story has one of each, in the same sentences.)
typedef struct {
    int word[MOST_SHOWN], class[MOST_SHOWN], kind[MOST_SHOWN], count;
    bool allowed[1024];
} Known;

static Known known_of(const Story *s) {
    Known k = {0};
    for (int r = 0; r < REGISTERS; r++)
        for (int i = 0; i < s->class_size[r]; i++, k.count++) {
            k.word[k.count] = s->class_begin[r] + i, k.class[k.count] = r;
            k.kind[k.count] = r == BOY ? GIRL : r;
            k.allowed[s->class_begin[r] + i] = true;
        }
    return k;
}

// The share of words whose nearest one is of their own class.
static double same_kind(const WordVectors *v, const Known *k) {
    int same = 0;
    for (int i = 0; i < k->count; i++) {
        int nearest = word_nearest(v, k->word[i], k->allowed);
        for (int j = 0; j < k->count; j++)
            same += k->word[j] == nearest && k->kind[j] == k->kind[i];
    }
    return (double)same / k->count;
}

// And of random vectors: the mean over words of (size of its kind - 1) / (all - 1).
static double by_chance(const Known *k) {
    double sum = 0;
    for (int i = 0; i < k->count; i++)
        for (int j = 0; j < k->count; j++) sum += i != j && k->kind[i] == k->kind[j];
    return sum / (k->count * (k->count - 1.0));
}

static void print_neighbours(Lab *lab, const Story *s, const WordVectors *v) {
    static const char *const words[] = {"anna", "tom", "kite", "park", "red", "under"};
    bool all[1024];
    for (int w = 0; w < 1024; w++) all[w] = true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        bool left[1024];
        char line[160] = "";
        int at = 0, word = story_word_id(s, words[i], strlen(words[i]));
        memcpy(left, all, sizeof left);
        for (int n = 0; n < 4; n++) {
            int w = word_nearest(v, word, left);
            at += snprintf(line + at, sizeof line - (size_t)at, " %s", s->words[w]);
            left[w] = false;
        }
        lab_print(lab, "nearest to %-6s%s", words[i], line);
    }
}

// Where each known word lies in the plane of the two widest directions.
static void project(double at[][2], const WordVectors *v, const Known *k) {
    static double x[MOST_SHOWN][DIM];
    double axes[2][DIM], variance[2], mean[DIM];
    for (int i = 0; i < k->count; i++)
        memcpy(x[i], v->word + k->word[i] * DIM, sizeof x[i]);
    principal_axes(axes[0], variance, mean, x[0], k->count, DIM, 2);
    for (int i = 0; i < k->count; i++)
        for (int a = 0; a < 2; a++) {
            at[i][a] = 0;
            for (int j = 0; j < DIM; j++) at[i][a] += (x[i][j] - mean[j]) * axes[a][j];
        }
}

// Of each kind the outermost words on four sides, with their names outside: all names would
// cover one another and the points.
static void name_outermost(Plot *p, const Story *s, const Known *k, double at[][2],
                           int kind) {
    static const struct {
        double x, y;
        const char *place;
    } sides[] = {{1, 0, "left offset 0.7,0"},
                 {-1, 0, "right offset -0.7,0"},
                 {0, 1, "center offset 0,0.7"},
                 {0, -1, "center offset 0,-0.7"}};
    bool named[MOST_SHOWN] = {false};
    for (size_t side = 0; side < sizeof sides / sizeof *sides; side++) {
        int out = -1;
        double most = -INFINITY;
        for (int i = 0; i < k->count; i++) {
            double far = sides[side].x * at[i][0] + sides[side].y * at[i][1];
            if (k->kind[i] == kind && far > most) most = far, out = i;
        }
        if (out < 0 || named[out]) continue;
        named[out] = true;
        plot_set(p, "label %d '%s' at %.4f,%.4f %s font ',11'", out + 1,
                 s->words[k->word[out]], at[out][0], at[out][1], sides[side].place);
    }
}

static void draw_words(Lab *lab, const Story *s, const WordVectors *v, const Known *k) {
    double at[MOST_SHOWN][2];
    project(at, v, k);
    Plot *p = plot_new(lab, "word_vectors", "x girl boy toy place");
    for (int i = 0; i < k->count; i++) {
        double y[REGISTERS];
        for (int r = 0; r < REGISTERS; r++) y[r] = r == k->class[i] ? at[i][1] : NAN;
        plot_row(p, at[i][0], y[GIRL], y[BOY], y[TOY], y[PLACE]);
    }
    for (int r = 0; r < REGISTERS; r++) name_outermost(p, s, k, at, r);
    plot_title(p, "52 words of the stories, their two widest directions");
    plot_axes(p, "", ""), plot_set(p, "nogrid");
    const char *names[REGISTERS] = {"girl", "boy", "toy", "place"};
    for (int r = 0; r < REGISTERS; r++) plot_points(p, "x", names[r], names[r]);
    plot_not_in_letters(p);
    plot_end(p);
}

static void run_stories(Lab *lab) {
    Story s = story_new();
    SgnsSettings settings = {.others = 5, .exponent = 0.75, .rate = 0.05, .epochs = 1};
    int n, stories = (int)option_int(&lab->args, "stories", 1, 1000000);
    settings.window = (int)option_int(&lab->args, "window", 1, 50);
    int *text = stories_new(&s, &lab->rng, stories, &n);
    WordVectors v = word_vectors_new(s.count, DIM, 1, &lab->rng);
    Known k = known_of(&s);
    double before = same_kind(&v, &k);
    sgns_train(&v, text, n, &settings, &lab->rng);
    lab_print(lab,
              "%d words read; nearest of the same kind: %.3f before, %.3f after, "
              "chance %.3f",
              n, before, same_kind(&v, &k), by_chance(&k));
    print_neighbours(lab, &s, &v);
    // Not derived: nearly all of the 52 words have a neighbour of their own kind.
    claim_at_least(lab, "4.142", "nearest word is of the same kind, share", 0.95,
                   same_kind(&v, &k));
    // binomial: five standard errors
    claim_near(lab, "4.142", "before training: by chance", by_chance(&k), before,
               5 * sqrt(by_chance(&k) * (1 - by_chance(&k)) / k.count));
    draw_words(lab, &s, &v, &k);
    free(text), word_vectors_free(&v), story_free(&s);
}

static void run(Lab *lab) { run_pmi(lab), run_stories(lab); }

const LabSpec lab_word_vectors = {"word-vectors", "4.29", "Words as vectors", run,
                                  options};
