// What instructions do: kinds that nobody was trained on. Lecture, section 5.17.
//
// An order has a verb and a place, and a list of five words:
//
//     twice third : hat kite ball dog cup        ball ball
//
// Four verbs and five places make twenty kinds. Four of them are never trained. They are
// answered only by who takes an order apart: each verb and each place was heard, but never
// these together.
#include <math.h>
#include <stdio.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/labs/toy.h"
#include "common/numeric/hash.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

static const Option options[] = {{"steps", "600", "of training"},
                                 {"rows", "32", "examples per step"},
                                 {"rate", "8e-3", "the highest learning rate"},
                                 {"count", "400", "questions of each sort"},
                                 {0}};

// ---- orders

enum {
    WORDS = 12,
    LIST = 5,
    VERBS = 4,
    PLACES = 5,
    KINDS = VERBS * PLACES,
    END = WORDS,
    ASK,   // the mark after which an answer begins
    VERB,  // the first verb's id
    PLACE = VERB + VERBS,
    LABEL = PLACE + PLACES,  // a name for each kind, as T5's prefixes
    IDS = LABEL + KINDS
};

typedef enum { SAID, LABELLED, UNSAID, FORMS } Form;
static const char *const form_names[] = {"verb and place", "one label per kind",
                                         "nothing"};
_Static_assert(sizeof form_names / sizeof *form_names == FORMS,
               "a form without a name");

// Every verb occurs in four trained kinds, every place in two at least.
static bool kind_is_new(int kind) { return kind % 6 == 5 || kind == 0; }

// The trained kinds, those first that have all verbs and all places among few.
static int trained_kinds(int *to) {
    int count = 0;
    for (int turn = 0; turn < PLACES; turn++)
        for (int verb = 0; verb < VERBS; verb++) {
            int kind = verb * PLACES + (verb + turn) % PLACES;
            if (!kind_is_new(kind)) to[count++] = kind;
        }
    return count;
}

static int new_kinds(int *to) {
    int count = 0;
    for (int k = 0; k < KINDS; k++)
        if (kind_is_new(k)) to[count++] = k;
    return count;
}

static int answer_of(int to[2], int kind, const int *list) {
    int word = list[kind % PLACES], next = (word + 1) % WORDS;
    switch (kind / PLACES) {
        case 0: return to[0] = word, 1;                 // say
        case 1: return to[0] = to[1] = word, 2;         // twice
        case 2: return to[0] = next, 1;                 // what follows it
        default: return to[0] = word, to[1] = next, 2;  // both
    }
}

static Exchange exchange_for(int kind, Form form, const int *list) {
    int prompt[LIST + 3], n = 0, answer[2];
    if (form == LABELLED) prompt[n++] = LABEL + kind;
    if (form == SAID)
        prompt[n++] = VERB + kind / PLACES, prompt[n++] = PLACE + kind % PLACES;
    for (int i = 0; i < LIST; i++) prompt[n++] = list[i];
    prompt[n++] = ASK;
    int count = answer_of(answer, kind, list);
    return exchange_of(prompt, n, answer, count, END, true);
}

typedef struct {
    int kinds[KINDS], count;
    Form form;
    int examples;  // that there are; 0: as many as one draws
    uint64_t seed;
} Orders;

// Five different words; one list in sixteen is held out.
static void draw_list(int *list, bool held_out, Rng *rng) {
    bool fits = false;
    while (!fits) {
        int words[WORDS];
        for (int i = 0; i < WORDS; i++) words[i] = i;
        rng_shuffle(rng, words, WORDS);
        for (int i = 0; i < LIST; i++) list[i] = words[i];
        uint64_t h = hash_bytes(HASH_START, list, LIST * sizeof *list);
        fits = ((h >> 32) % 16 == 0) == held_out;
    }
}

static Exchange draw(const void *self, bool held_out, Rng *rng) {
    const Orders *o = self;
    int list[LIST];
    Rng own = *rng;
    if (o->examples && !held_out) {
        Rng all = rng_new(o->seed + 1);
        own = rng_split(&all, (uint64_t)rng_below(rng, o->examples));
    }
    int kind = o->kinds[rng_below(&own, o->count)];
    draw_list(list, held_out, &own);
    return exchange_for(kind, o->form, list);
}

static Toy toy_of(const Orders *o) { return (Toy){draw, o, IDS, LIST + 6}; }

// ---- learning them

// Shares of right answers: to lists of the training, to new lists, to kinds that are new.
typedef struct {
    double seen, held_out, new;
} Learnt;

static Learnt learn(const Lab *lab, int kinds, int examples, Form form) {
    Model m;
    Orders orders = {.form = form, .examples = examples, .seed = lab->seed},
           new = {.form = form};
    trained_kinds(orders.kinds), orders.count = kinds;
    new.count = new_kinds(new.kinds);
    Toy toy = toy_of(&orders), other = toy_of(&new);
    long long steps = option_int(&lab->args, "steps", 20, 1000000);
    // twice as long: sixteen names are learned more slowly than four verbs and five
    // places, and after 600 steps two seeds of nine are still below 0.4
    ToyPlan plan = toy_plan(form == LABELLED ? 2 * steps : steps, lab->seed);
    plan.rows = (int)option_int(&lab->args, "rows", 1, 10000);
    plan.rate = option_real(&lab->args, "rate", 1e-6, 1);
    int count = (int)option_int(&lab->args, "count", 10, 100000);
    toy_train(&m, &toy, &plan);
    Learnt l = {toy_right(&m, &toy, false, count, rng_split(&lab->rng, 0)),
                toy_right(&m, &toy, true, count, rng_split(&lab->rng, 1)),
                toy_right(&m, &other, true, count, rng_split(&lab->rng, 2))};
    model_free(&m);
    return l;
}

static void draw_figure(Plot *p, const char *x, const char *label) {
    plot_axes(p, label, "share of right answers");
    plot_set(p, "logscale x 2"), plot_set(p, "yrange [0:1.05]");
    plot_points(p, x, "held_out", "kinds that were trained, new lists");
    plot_points(p, x, "new", "kinds that nobody was trained on");
    plot_end(p);
}

enum { POINTS = 4, TRAINED = KINDS - 4, RUNS = 2 * POINTS + 1 };

static void print_learnt(Lab *lab, int *run, const char *what, Learnt l) {
    lab_print(lab, "%-32s right %.3f in training, %.3f of new lists, %.3f of new kinds",
              what, l.seen, l.held_out, l.new);
    lab_progress(lab, ++*run, RUNS);
}

// All kinds, said, are one run in both figures.
static void by_kinds(Lab *lab, Learnt *to, int *run) {
    static const int counts[POINTS] = {2, 4, 8, TRAINED};
    Plot *p = plot_new(lab, "instructions", "kinds seen held_out new");
    for (int i = 0; i < POINTS; i++) {
        char what[64];
        snprintf(what, sizeof what, "%d kinds", counts[i]);
        to[i] = learn(lab, counts[i], 0, SAID);
        plot_row(p, counts[i], to[i].seen, to[i].held_out, to[i].new);
        print_learnt(lab, run, what, to[i]);
    }
    draw_figure(p, "kinds", "kinds that were trained, by as many examples in all");
}

static void by_examples(Lab *lab, Learnt *to, Learnt all, int *run) {
    static const int counts[POINTS - 1] = {100, 300, 1000};
    double drawn = (double)option_int(&lab->args, "steps", 20, 1000000)
                   * (double)option_int(&lab->args, "rows", 1, 10000);
    Plot *p = plot_new(lab, "instructions_examples", "examples seen held_out new");
    for (int i = 0; i < POINTS - 1; i++) {
        char what[64];
        snprintf(what, sizeof what, "%d examples, again and again", counts[i]);
        to[i] = learn(lab, TRAINED, counts[i], SAID);
        plot_row(p, counts[i], to[i].seen, to[i].held_out, to[i].new);
        print_learnt(lab, run, what, to[i]);
    }
    plot_row(p, drawn, all.seen, all.held_out, all.new);
    draw_figure(p, "examples", "different examples of 16 kinds");
}

// ---- claims

enum { ERRORS = 3 };

// More than a model comes to by luck that is right with chance p, of n questions.
static double above(double p, double n) { return p + ERRORS * binomial_error(p, n); }

// The most for a model that knows all trained kinds but so many: of those it knows the
// verb or the place, and guesses the other, of four verbs or five places.
static double lacking(int kinds) {
    return 1 - (double)kinds / TRAINED * (1 - 1.0 / VERBS);
}

static void claim(Lab *lab, const Learnt *kinds, const Learnt *examples,
                  const Learnt *forms) {
    const Learnt all = kinds[POINTS - 1], few = examples[0], labels = forms[LABELLED];
    double n = (double)option_int(&lab->args, "count", 10, 100000),
           // of a difference of two shares: no share varies more than one at one half
        unequal = ERRORS * sqrt(2) * binomial_error(0.5, n);
    claim_at_least(lab, "5.160", "new kinds: right with 16 kinds, less with 4", unequal,
                   all.new - kinds[1].new);
    claim_at_least(lab, "5.160", "trained kinds, new lists: right with 16 kinds",
                   above(lacking(2), n), all.held_out);
    claim_at_least(lab, "5.161",
                   "trained kinds: right with 19,200 examples, less with 100", unequal,
                   all.held_out - few.held_out);
    // who lacks five of the hundred has 0.95
    claim_at_least(lab, "5.161", "100 examples: right in training", above(0.95, n),
                   few.seen);
    claim_at_least(lab, "5.162", "trained kinds: right by labels", above(lacking(2), n),
                   labels.held_out);
    claim_at_least(lab, "5.162", "new kinds: right by verb and place, less by labels",
                   unequal, all.new - labels.new);
    // no answer is that of more than two of the sixteen kinds
    claim_at_most(lab, "5.162", "trained kinds: right without instructions",
                  above(2.0 / TRAINED, n), forms[UNSAID].held_out);
}

static void run(Lab *lab) {
    Learnt kinds[POINTS], examples[POINTS], forms[FORMS];
    int done = 0;
    by_kinds(lab, kinds, &done);
    Learnt all = kinds[POINTS - 1];
    by_examples(lab, examples, all, &done);
    for (int f = LABELLED; f < FORMS; f++) {
        forms[f] = learn(lab, TRAINED, 0, (Form)f);
        print_learnt(lab, &done, form_names[f], forms[f]);
    }
    if (lab_at_defaults(lab)) claim(lab, kinds, examples, forms);
}

const LabSpec lab_instructions = {"instructions", "5.17",
                                  "Orders that nobody was trained on", run, options};
