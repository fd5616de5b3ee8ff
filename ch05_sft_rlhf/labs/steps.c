// Steps written out before the answer: counting. Lecture, section 5.17.
//
//     how many a:  a b b a b a a b        4                        the answer alone
//                                         1 1 1 2 2 3 4 4          every step, the last is the answer
//                                         4 1 1 1 2 2 3 4 4        the answer, then the steps
//
// All three have the same lists. With steps each token needs the one before it and one
// letter of the list. Alone, the answer needs all letters at once.

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/labs/toy.h"
#include "common/numeric/hash.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

static const Option options[] = {{"steps", "300", "of training"},
                                 {"letters", "12", "of a list"},
                                 {"rate", "8e-3", "the highest learning rate"},
                                 {"count", "400", "lists that nobody was trained on"},
                                 {0}};

enum {
    LETTERS_LEAST = 8,
    LETTERS_MOST = 30,
    END = 2,
    ASK,
    NUMBER,
    IDS = NUMBER + LETTERS_MOST + 1
};

typedef enum { ALONE, STEPS, AFTER, FORMS } Form;
static const char *const form_names[] = {"alone", "after its steps",
                                         "before its steps"};
_Static_assert(sizeof form_names / sizeof *form_names == FORMS,
               "a form without a name");

typedef struct {
    int letters, modulo;
    Form form;
} Counting;

// Of fewer than LETTERS_LEAST letters no list may be held out.
static void draw_list(int *list, int n, bool held_out, Rng *rng) {
    bool fits = false;
    while (!fits) {
        for (int i = 0; i < n; i++) list[i] = rng_below(rng, 2);
        uint64_t h = hash_bytes(HASH_START, list, (size_t)n * sizeof *list);
        fits = ((h >> 32) % 16 == 0) == held_out;
    }
}

static Exchange draw(const void *self, bool held_out, Rng *rng) {
    const Counting *c = self;
    int prompt[LETTERS_MOST + 1], answer[LETTERS_MOST + 1], n = c->letters, k = 0;
    draw_list(prompt, n, held_out, rng);
    prompt[n] = ASK;
    int total = 0, so_far = 0;
    for (int i = 0; i < n; i++) total += prompt[i] == 0;
    if (c->modulo) total %= c->modulo;
    if (c->form != STEPS) answer[k++] = NUMBER + total;
    for (int i = 0; i < n && c->form != ALONE; i++) {
        so_far += prompt[i] == 0;
        if (c->modulo) so_far %= c->modulo;
        answer[k++] = NUMBER + so_far;
    }
    return exchange_of(prompt, n + 1, answer, k, END, true);
}

// ---- learning it

enum { LOOKS = 6 };

typedef struct {
    const Toy *toy;
    int count, looks;
    Rng rng;
    double right[LOOKS], step[LOOKS];
} Curve;

static void look(void *self, const Model *m, long long step) {
    Curve *c = self;
    if (c->looks == LOOKS) return;  // steps that are no multiple of LOOKS
    c->step[c->looks] = (double)step;
    c->right[c->looks++] = toy_right(m, c->toy, true, c->count, c->rng);
}

static Curve learn(const Lab *lab, int modulo, Form form) {
    Model m;
    Counting counting = {
        (int)option_int(&lab->args, "letters", LETTERS_LEAST, LETTERS_MOST), modulo,
        form};
    Toy toy = {draw, &counting, IDS, 2 * counting.letters + 3};
    Curve c = {.toy = &toy,
               .count = (int)option_int(&lab->args, "count", 10, 100000),
               .rng = lab->rng};
    ToyPlan plan = toy_plan(option_int(&lab->args, "steps", LOOKS, 1000000), lab->seed);
    plan.rate = option_real(&lab->args, "rate", 1e-6, 1);
    plan.look = look, plan.self = &c, plan.every = plan.steps / LOOKS;
    toy_train(&m, &toy, &plan);
    model_free(&m);
    return c;
}

typedef struct {
    const char *name;
    int modulo;
} Question;
enum { HOW_MANY, ODD, QUESTIONS };
static const Question questions[QUESTIONS] = {{"how many", 0}, {"even or odd", 2}};

static void draw_figure(Lab *lab, Curve c[QUESTIONS][FORMS]) {
    Plot *p = plot_new(lab, "steps",
                       "step many many_stepped many_first odd odd_stepped odd_first");
    for (int i = 0; i < LOOKS; i++)
        plot_row(p, c[0][0].step[i], c[HOW_MANY][ALONE].right[i],
                 c[HOW_MANY][STEPS].right[i], c[HOW_MANY][AFTER].right[i],
                 c[ODD][ALONE].right[i], c[ODD][STEPS].right[i],
                 c[ODD][AFTER].right[i]);
    plot_axes(p, "steps of training", "share of right answers, new lists");
    plot_set(p, "yrange [0:1.05]");
    plot_dashes(p, "step", "many", "how many, the answer alone");
    plot_dashes(p, "step", "many_stepped", "how many, after its steps");
    plot_dashes(p, "step", "many_first", "how many, before its steps");
    plot_points(p, "step", "odd", "even or odd, the answer alone");
    plot_points(p, "step", "odd_stepped", "even or odd, after its steps");
    plot_points(p, "step", "odd_first", "even or odd, before its steps");
    plot_end(p);
}

static void claim(Lab *lab, Curve c[QUESTIONS][FORMS]) {
    // Who does not see one of the letters has two answers to choose from, to both
    // questions: at most 1/2 of the lists, and three standard errors of a share.
    double n = c[0][0].count, coin = 0.5 + 3 * binomial_error(0.5, n);
    // what section 5.2 calls learnt, 95 % right, and as many errors more
    double learnt = 0.95 + 3 * binomial_error(0.95, n);
    claim_at_least(lab, "5.163", "how many: right, the answer alone", coin,
                   c[HOW_MANY][ALONE].right[LOOKS - 1]);
    claim_at_most(lab, "5.164", "even or odd: right, the answer alone", coin,
                  c[ODD][ALONE].right[LOOKS - 1]);
    claim_at_least(lab, "5.164", "even or odd: right, after its steps", learnt,
                   c[ODD][STEPS].right[LOOKS - 1]);
    claim_at_most(lab, "5.164", "even or odd: right, before its steps", coin,
                  c[ODD][AFTER].right[LOOKS - 1]);
}

static void run(Lab *lab) {
    static Curve c[QUESTIONS][FORMS];
    for (int q = 0; q < QUESTIONS; q++)
        for (int f = 0; f < FORMS; f++) {
            c[q][f] = learn(lab, questions[q].modulo, (Form)f);
            lab_print(lab, "%-11s %-16s right %.3f", questions[q].name, form_names[f],
                      c[q][f].right[LOOKS - 1]);
            lab_progress(lab, q * FORMS + f + 1, QUESTIONS * FORMS);
        }
    if (lab_at_defaults(lab)) claim(lab, c);
    draw_figure(lab, c);
}

const LabSpec lab_steps = {"steps", "5.17", "Steps before the answer, and after it",
                           run, options};
