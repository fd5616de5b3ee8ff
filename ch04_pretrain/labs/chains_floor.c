// Learning to learn: a new chain in each row. Lecture, section 4.11.
//
// No weights can hold the chain. A model first counts symbols in its row, which is the
// in-context unigram, and rests there; then, rather suddenly, it counts pairs. Its heads
// are watched meanwhile (section 4.28).
#include <math.h>
#include <string.h>

#include "ch04_pretrain/labs/induction_course.h"
#include "ch04_pretrain/labs/small_run.h"
#include "ch04_pretrain/model_kinds.h"
#include "common/program/plot.h"

enum { SYMBOLS = 3, TIME = 64, BATCH = 16, CHANNELS = 64, LAYERS = 2 };

static const Option options[] = {
    {"steps", "800", "steps of training, 1,024 tokens and some 12 ms each"},
    {"held-out", "512", "rows that the losses are measured on"},
    {0}};

static SmallRun run_of(Lab *lab, Language *l) {
    long long steps = option_int(&lab->args, "steps", 20, 1000000);
    return (SmallRun){
        .language = l,
        .config = model_kinds[MODEL_LLAMA].config(1, 1, CHANNELS, LAYERS, 4),
        .objective = {.kind = OBJECTIVE_CLM},
        .settings = small_run_settings(BATCH, steps),
        .time = TIME,
        .held_out = (int)option_int(&lab->args, "held-out", 32, 1 << 16),
        .seed = lab->seed};
}

// What a reader loses beyond Bayes' who counts symbols in the row, and not pairs.
static double unigram_excess(SmallRun *r) {
    double sum = 0, nats[TIME];
    int row[TIME + 1];
    for (int n = 0; n < r->held_out; n++) {
        double count[SYMBOLS] = {0};
        data_row(&r->held_out_data, n, row);
        data_surprise(&r->held_out_data, row, nats);
        for (int i = 0; i < TIME; i++) {
            int next = row[i + 1];
            sum -= log((count[next] + 1) / (i + SYMBOLS)) + nats[i];
            count[next]++;
        }
    }
    return sum / (r->held_out * TIME);
}

// The point of the run that is nearest to so many tokens.
static const RunPoint *point_at(const SmallRun *r, double tokens) {
    int best = 0;
    for (int i = 1; i < r->count; i++)
        if (fabs(log(r->points[i].tokens / tokens))
            < fabs(log(r->points[best].tokens / tokens)))
            best = i;
    return &r->points[best];
}

static void claim_curve(Lab *lab, const SmallRun *r, double unigram) {
    const double REST = 1e5;  // tokens
    const RunPoint *p = &r->points[r->count - 1];
    lab_print(lab, "after %.2f M tokens: loss %.4f, excess %.4f +- %.4f; unigram %.4f",
              1e-6 * p->tokens, p->loss, p->excess, p->excess_error, unigram);
    claim_at_least(lab, "4.58", "chains: excess, at least minus 4 SE",
                   -4 * p->excess_error, p->excess);
    claim_at_most(lab, "4.58", "chains: excess", 0.01, p->excess);
    // not derived: that it rests, and when. A third of the height is what "rests" means.
    claim_near(lab, "4.59", "after 0.1 M tokens: as one who counts symbols", unigram,
               point_at(r, REST)->excess, unigram / 3);
}

static void draw(Lab *lab, const SmallRun *r, double unigram) {
    Plot *p = plot_new(lab, "chains_floor", "tokens excess error unigram");
    for (int i = 0; i < r->count; i++)
        plot_row(p, r->points[i].tokens, r->points[i].excess, r->points[i].excess_error,
                 unigram);
    plot_axes(p, "tokens of training", "nats above Bayes' predictor");
    plot_set(p, "logscale xy");
    plot_line(p, "tokens", "unigram", "counts symbols of the row");
    plot_errors(p, "tokens", "excess", "error", "transformer");
    plot_end(p);
}

static void train(Lab *lab, SmallRun *r, InductionCourse *c) {
    long long at[RUN_POINTS];
    int points = small_run_steps(r->settings.steps, at);
    small_run_begin(r);
    for (int i = 0; i < points; i++) {
        small_run_to(lab, r, at[i]), small_run_add_point(r);
        induction_course_add(c, r);
    }
}

static void run(Lab *lab) {
    Language l = language_new(LANGUAGE_CHAINS, NULL);
    SmallRun r = run_of(lab, &l);
    InductionCourse c;
    train(lab, &r, &c);
    double unigram = unigram_excess(&r);
    claim_curve(lab, &r, unigram);
    draw(lab, &r, unigram);
    induction_course_end(lab, &c, &r, unigram);
    small_run_free(&r), language_free(&l);
}

const LabSpec lab_chains_floor = {"chains-floor", "4.11", "Learning to learn", run,
                                  options};
