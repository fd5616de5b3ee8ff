// Examples in the prompt: how well a model answers after none, one or several, against
// Bayes' reader; and what "emergent" can mean. Lecture, section 4.27.
//
// A model is trained on texts that define their words on the spot (glossary.h). No weights
// can hold what "dax" means: each text means something else.
#include <math.h>
#include <stdlib.h>

#include "ch04_pretrain/glossary.h"
#include "ch04_pretrain/labs/small_run.h"
#include "ch04_pretrain/model_kinds.h"
#include "common/error.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { SENTENCES = 21, TIME = SENTENCES * GLOSSARY_SENTENCE, TEXTS = 256 };
enum { CHANNELS = 32, LAYERS = 2, HEADS = 4, BATCH = 16, MOST_SHOTS = 8, LAST = 8 };

static const Option options[] = {
    {"steps", "1100", "steps of training, 1,008 tokens and some 7 ms each"}, {0}};

// ---- questions: texts whose meanings are known to whoever asks

typedef struct {
    int tokens[TEXTS][TIME];  // END and then the text: what a model reads
    int meaning[TEXTS][GLOSSARY_WORDS];
} Questions;

static void questions_draw(Questions *q, const Rng *rng) {
    for (int n = 0; n < TEXTS; n++) {
        Rng own = rng_split(rng, (uint64_t)n);
        q->tokens[n][0] = GLOSSARY_SYMBOLS;
        glossary_write(&own, q->tokens[n] + 1, TIME - 1, q->meaning[n]);
    }
}

// Where sentence s has its word.
static int word_at(int s) { return 1 + s * GLOSSARY_SENTENCE; }

static int shots_before(const int *tokens, int s) {
    int shots = 0;
    for (int k = 0; k < s; k++) shots += tokens[word_at(k)] == tokens[word_at(s)];
    return shots;
}

// ---- answers: p[symbols] after each word

typedef struct {
    Mean shots[MOST_SHOTS + 1];  // right, after so many examples of this word
    Mean right, nats;            // of the last answers: right, -ln p(meaning)
    Mean all;                    // of a text: its last answers are all right
} Answers;

// The share of the answer that is right: 1, or 1/2 where two toys are as likely ...
static double share_right(const double *p, int meaning) {
    int ties = 0;
    for (int k = 0; k < GLOSSARY_TOYS; k++) {
        if (p[k] > p[meaning] * (1 + 1e-9)) return 0;
        ties += p[k] >= p[meaning] * (1 - 1e-9);
    }
    return 1.0 / ties;
}

static void add_text(Answers *a, const Questions *q, int n, const double *p) {
    double all = 1;
    for (int s = 0; s < SENTENCES; s++, p += GLOSSARY_SYMBOLS) {
        int meaning = q->meaning[n][q->tokens[n][word_at(s)]];
        double right = share_right(p + GLOSSARY_WORDS, meaning);
        int shots = shots_before(q->tokens[n], s);
        if (shots <= MOST_SHOTS) mean_add(&a->shots[shots], right);
        if (s < SENTENCES - LAST) continue;
        mean_add(&a->right, right);
        mean_add(&a->nats, -log(p[GLOSSARY_WORDS + meaning]));
        all *= right;
    }
    mean_add(&a->all, all);
}

static Answers of_bayes(const Questions *q) {
    Answers a = {0};
    for (int n = 0; n < TEXTS; n++) {
        double p[SENTENCES][GLOSSARY_SYMBOLS];
        for (int s = 0; s < SENTENCES; s++)
            glossary_next(q->tokens[n] + 1, word_at(s), p[s]);
        add_text(&a, q, n, p[0]);
    }
    return a;
}

static void softmax_of(double *p, Mat logits, int row) {
    double total = 0;
    for (int x = 0; x < GLOSSARY_SYMBOLS; x++)
        total += p[x] = exp((double)*mat_at(logits, row, x));
    for (int x = 0; x < GLOSSARY_SYMBOLS; x++) p[x] /= total;
}

static Answers of_model(Model *m, const Questions *q) {
    Answers a = {0};
    Tape *t = tape_new(&m->params);
    Tokens in = {.batch = TEXTS, .time = TIME, .tokens = q->tokens[0]};
    Mat logits = model_logits(t, m, model_hidden(t, m, &in))->value;
    for (int n = 0; n < TEXTS; n++) {
        double p[SENTENCES][GLOSSARY_SYMBOLS];
        for (int s = 0; s < SENTENCES; s++)
            softmax_of(p[s], logits, n * TIME + word_at(s));
        add_text(&a, q, n, p[0]);
    }
    tape_free(t);
    return a;
}

// ---- shots

static double formula(int shots) {
    return glossary_right(shots, GLOSSARY_TOYS, glossary_wrong);
}

static void claim_shots(Lab *lab, const Answers *bayes, const Answers *model) {
    double worst = 0;
    for (int n = 0; n <= MOST_SHOTS; n++) {
        const Mean *b = &bayes->shots[n], *m = &model->shots[n];
        lab_print(lab,
                  "%d examples: Bayes' reader %.4f, of %.0f answers %.4f; model %.4f",
                  n, formula(n), b->count, mean_of(*b), mean_of(*m));
        double error = sqrt(formula(n) * (1 - formula(n)) / b->count);
        worst = nan_max(worst, fabs(mean_of(*b) - formula(n)) / error);
    }
    claim_at_most(lab, "4.133", "Bayes' reader: off by so many SE, worst of 9", 5,
                  worst);
    // binomial: five standard errors
    claim_near(lab, "4.134", "model, zero examples: 1 / toys", 1.0 / GLOSSARY_TOYS,
               mean_of(model->shots[0]),
               5 * sqrt(formula(0) * (1 - formula(0)) / model->shots[0].count));
    // Not derived: what a run of so many tokens can do. Its answers have to be the
    // reader's in nineteen cases of twenty.
    for (int n = 1; n <= MOST_SHOTS; n += n == 1 ? 2 : 5)
        claim_at_least(lab, "4.134",
                       n == 1   ? "model, one example"
                       : n == 3 ? "model, three examples"
                                : "model, eight examples",
                       formula(n) - 0.05, mean_of(model->shots[n]));
}

static void draw_shots(Lab *lab, const Answers *early, const Answers *model) {
    Plot *p = plot_new(lab, "few_shot", "examples bayes early model error");
    for (int n = 0; n <= MOST_SHOTS; n++)
        plot_row(p, n, formula(n), mean_of(early->shots[n]), mean_of(model->shots[n]),
                 mean_error(model->shots[n]));
    plot_title(p, "Answers by the number of examples in the prompt");
    plot_axes(p, "examples of the word before the question", "share of right answers");
    plot_set(p, "yrange [0:1.05]");
    plot_line(p, "examples", "bayes", "Bayes' reader, derived");
    plot_points(p, "examples", "early", "model, early in training");
    plot_errors(p, "examples", "model", "error", "model, trained");
    plot_end(p);
}

// ---- what "emergent" can mean: one run, three measures

typedef struct {
    double tokens[RUN_POINTS];
    Answers at[RUN_POINTS];
    int count;
} Curve;

// When a measure is first half-way from where it began to where it ends, in tokens; on a
// logarithmic axis, between points.
typedef double Measure(const Answers *a);
static double likelihood(const Answers *a) { return -mean_of(a->nats); }
static double right(const Answers *a) { return mean_of(a->right); }
static double all_right(const Answers *a) { return mean_of(a->all); }

static double half_way(const Curve *c, Measure *measure) {
    double half = (measure(&c->at[0]) + measure(&c->at[c->count - 1])) / 2;
    int i = 1;
    while (i < c->count - 1 && measure(&c->at[i]) < half) i++;
    double from = measure(&c->at[i - 1]), to = measure(&c->at[i]);
    double share = (half - from) / (to - from);
    return c->tokens[i - 1] * pow(c->tokens[i] / c->tokens[i - 1], share);
}

static void claim_emergent(Lab *lab, const Curve *c) {
    double one = half_way(c, right), eight = half_way(c, all_right);
    int i = 0;
    while (i < c->count - 1 && c->tokens[i] < one) i++;
    const Answers *before = &c->at[i ? i - 1 : 0];
    lab_print(lab,
              "half-way: log-likelihood %.0f tokens, one right %.0f, eight right %.0f",
              half_way(c, likelihood), one, eight);
    lab_print(lab, "just before: one right %.3f, eight in a row %.4f", right(before),
              all_right(before));
    // Not derived: the order, and that nothing is to be seen of the eight when single
    // answers are nearly half-way. Independent answers would give 2^-8 = 0.004 there.
    claim_at_least(lab, "4.137", "eight right are half-way later than one, tokens", one,
                   eight);
    claim_at_most(lab, "4.137", "eight right, when one is not yet half-way", 0.1,
                  all_right(before));
}

static void draw_emergent(Lab *lab, const Curve *c) {
    Plot *p = plot_new(lab, "emergent", "tokens likelihood right all independent");
    for (int i = 0; i < c->count; i++)
        plot_row(p, c->tokens[i], exp(likelihood(&c->at[i])), right(&c->at[i]),
                 all_right(&c->at[i]), pow(right(&c->at[i]), LAST));
    plot_title(p, "One run, three measures");
    plot_axes(p, "tokens of training", "");
    plot_set(p, "logscale x"), plot_set(p, "yrange [0:1]");
    plot_line(p, "tokens", "independent", "one answer right, to the power 8");
    plot_points(p, "tokens", "likelihood", "e^{log-likelihood} per answer");
    plot_points(p, "tokens", "right", "one answer right");
    plot_points(p, "tokens", "all", "eight answers right");
    plot_end(p);
}

// ---- all of it

static SmallRun run_of(Lab *lab, Language *l) {
    long long steps = option_int(&lab->args, "steps", 20, 1000000);
    return (SmallRun){
        .language = l,
        .config = model_kinds[MODEL_LLAMA].config(1, 1, CHANNELS, LAYERS, HEADS),
        .objective = {.kind = OBJECTIVE_CLM},
        .settings = small_run_settings(BATCH, steps),
        .time = TIME,
        .held_out = TEXTS,
        .seed = lab->seed};
}

static void train(Lab *lab, SmallRun *r, const Questions *q, Curve *c) {
    long long at[RUN_POINTS];
    c->count = small_run_steps(r->settings.steps, at);
    small_run_begin(r);
    for (int i = 0; i < c->count; i++) {
        small_run_to(lab, r, at[i]);
        c->tokens[i] = (double)r->trainer.tokens;
        c->at[i] = of_model(&r->model, q);
    }
    small_run_add_point(r);
}

static void run(Lab *lab) {
    Language l = language_new(LANGUAGE_GLOSSARY, NULL);
    SmallRun r = run_of(lab, &l);
    Questions *q = allocate(1, sizeof *q);
    Curve c = {0};
    questions_draw(q, &lab->rng);
    train(lab, &r, q, &c);
    Answers bayes = of_bayes(q);
    const Answers *last = &c.at[c.count - 1];
    const RunPoint *p = &r.points[r.count - 1];
    lab_print(lab, "after %.2f M tokens: excess %.4f +- %.4f", 1e-6 * p->tokens,
              p->excess, p->excess_error);
    claim_shots(lab, &bayes, last), claim_emergent(lab, &c);
    draw_shots(lab, &c.at[c.count / 2], last), draw_emergent(lab, &c);
    free(q), small_run_free(&r), language_free(&l);
}

const LabSpec lab_few_shot = {"few-shot", "4.27", "Examples in the prompt", run,
                              options};
