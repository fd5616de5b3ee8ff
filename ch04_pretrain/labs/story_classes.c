// What is learned when: the words that the grammar decides, those it leaves free, and
// answers, which take memory. Lecture, section 4.11. The tour ends with three stories that
// the trained model writes.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/by_class.h"
#include "ch04_pretrain/generate.h"
#include "ch04_pretrain/labs/small_run.h"
#include "ch04_pretrain/model_kinds.h"
#include "common/error.h"
#include "common/program/plot.h"

enum { TIME = 96, BATCH = 16, HEADS = 4, LONGEST = 256, SHOWN = 3 };

static const Option options[] = {
    {"steps", "300", "steps of training, 1,536 tokens and some 20 ms each"},
    {"layers", "2", "of the model"},
    {"channels", "64", "its width"},
    {"rows", "64", "held-out rows of 96 tokens"},
    {0}};

typedef struct {
    double tokens;
    ByClass by;
} ClassPoint;

typedef struct {
    SmallRun run;
    ClassPoint points[RUN_POINTS];
    int count;
} ClassRun;

static double all_nats(const ByClass *c, bool excess) {
    Mean all = {0};
    for (int k = 0; k < WORD_KINDS; k++)
        mean_join(&all, excess ? c->excess[k] : c->nats[k]);
    return mean_of(all);
}

static void print_point(Lab *lab, const ClassPoint *p) {
    const ByClass *c = &p->by;
    lab_print(lab, "%10.0f %10.4f %10.4f %10.4f %10.4f %10.3f", p->tokens,
              all_nats(c, true), mean_of(c->excess[WORD_STRUCTURE]),
              mean_of(c->excess[WORD_CHOICE]), mean_of(c->excess[WORD_ANSWER]),
              mean_of(c->right[WORD_ANSWER]));
    fflush(stdout);  // a long run is watched
}

static void train(Lab *lab, ClassRun *r) {
    long long at[RUN_POINTS];
    int points = small_run_steps(r->run.settings.steps, at);
    small_run_begin(&r->run);
    lab_print(lab, "%10s %10s %10s %10s %10s %10s", "tokens", "excess", "structure",
              "choices", "answers", "right");
    for (int i = 0; i < points; i++) {
        small_run_to(lab, &r->run, at[i]);
        ClassPoint *p = &r->points[r->count++];
        p->tokens = (double)r->run.trainer.tokens;
        p->by = evaluate_by_class(&r->run.model, &r->run.held_out_data,
                                  r->run.language->self, 0, r->run.held_out, 32);
        print_point(lab, p);
    }
}

static void draw(Lab *lab, const ClassRun *r) {
    Plot *p = plot_new(lab, "story_classes",
                       "tokens excess structure structure_error choice choice_error "
                       "answer answer_error structure_right answer_right");
    for (int i = 0; i < r->count; i++) {
        const ByClass *c = &r->points[i].by;
        plot_row(p, r->points[i].tokens, all_nats(c, true),
                 mean_of(c->excess[WORD_STRUCTURE]),
                 mean_error(c->excess[WORD_STRUCTURE]), mean_of(c->excess[WORD_CHOICE]),
                 mean_error(c->excess[WORD_CHOICE]), mean_of(c->excess[WORD_ANSWER]),
                 mean_error(c->excess[WORD_ANSWER]), mean_of(c->right[WORD_STRUCTURE]),
                 mean_of(c->right[WORD_ANSWER]));
    }
    plot_axes(p, "tokens of training", "nats per word above the floor");
    plot_set(p, "logscale xy");
    plot_errors(p, "tokens", "structure", "structure_error", "structure");
    plot_errors(p, "tokens", "choice", "choice_error", "choices");
    plot_errors(p, "tokens", "answer", "answer_error", "answers");
    plot_end(p);
}

// Not derived: what a run of half a minute has learned, and in which order.
static void claim_classes(Lab *lab, const ClassRun *r) {
    const ByClass *c = &r->points[r->count - 1].by;
    double excess[WORD_KINDS];
    for (int k = 0; k < WORD_KINDS; k++) excess[k] = mean_of(c->excess[k]);
    // a divergence is not negative, but a sample of it may be
    claim_at_least(lab, "4.98", "choices: excess, at least minus 4 SE",
                   -4 * mean_error(c->excess[WORD_CHOICE]), excess[WORD_CHOICE]);
    claim_at_most(lab, "4.98", "structure: excess, at most that of choices",
                  excess[WORD_CHOICE], excess[WORD_STRUCTURE]);
    claim_at_least(lab, "4.99", "answers: excess, at least 3 times that of structure",
                   3 * excess[WORD_STRUCTURE], excess[WORD_ANSWER]);
    claim_at_least(lab, "4.99", "structure: most likely word is right, at least", 0.9,
                   mean_of(c->right[WORD_STRUCTURE]));
}

// ---- what it writes

static int write_story(const InferModel *view, int end, Sampling *s, int *text) {
    Generator g;
    Written w;
    Error err;
    int n = 0;
    if (!generator_new(&g, view, end, &end, 1, &err)) die("%s", err.text);
    for (bool going = true; going && n < LONGEST;) {
        going = generator_next(&g, s, &w);
        if (w.token >= 0 && w.token != end) text[n++] = w.token;
    }
    generator_free(&g);
    return n;
}

// As `sample` does, with its defaults.
static void print_stories(const ClassRun *r, Rng rng) {
    InferModel view;
    Error err;
    const Story *story = r->run.language->self;
    Sampling s = sampling_plain(rng);
    s.temperature = 0.8, s.top_p = 0.95;
    if (!infer_of_model(&view, &r->run.model, &err)) die("%s", err.text);
    for (int i = 0; i < SHOWN; i++) {
        int text[LONGEST], n = write_story(&view, story->end, &s, text);
        printf("  ");
        story_print(story, stdout, text, n);
        printf("\n");
    }
    infer_model_free(&view);
}

static ClassRun run_of(Lab *lab, Language *l) {
    long long steps = option_int(&lab->args, "steps", 20, 1000000);
    int layers = (int)option_int(&lab->args, "layers", 1, 100),
        channels = (int)option_int(&lab->args, "channels", 4, 4096);
    return (ClassRun){
        .run = {
            .language = l,
            .config = model_kinds[MODEL_LLAMA].config(1, 1, channels, layers, HEADS),
            .objective = {.kind = OBJECTIVE_CLM},
            .settings = small_run_settings(BATCH, steps),
            .time = TIME,
            .held_out = (int)option_int(&lab->args, "rows", 1, 1 << 20),
            .seed = lab->seed}};
}

static void run(Lab *lab) {
    Language l = language_new(LANGUAGE_STORY, NULL);
    ClassRun r = run_of(lab, &l);
    train(lab, &r);
    claim_classes(lab, &r);
    draw(lab, &r);
    printf("three stories that this model writes:\n");
    print_stories(&r, lab->rng);
    small_run_free(&r.run), language_free(&l);
}

const LabSpec lab_story_classes = {"story-classes", "4.11", "What is learned when", run,
                                   options};
