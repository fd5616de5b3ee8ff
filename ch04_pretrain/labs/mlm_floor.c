// A masked model against its own floor. Lecture, section 4.12.
//
// What BERT selects and hides, in a Markov source of order 1 over six symbols; the exact
// posterior of each selected symbol by forward and backward; and two small BERTs that
// are to find it. They differ in how they are told positions: looked up in a table, as
// BERT is, or by turning queries and keys, so that "the one before" is the same
// everywhere.
#include <math.h>

#include "ch04_pretrain/labs/small_run.h"
#include "ch04_pretrain/model_kinds.h"
#include "common/program/plot.h"

enum { CHANNELS = 64, LAYERS = 2, HEADS = 4, TIME = 32, BATCH = 32, SHORT_STEPS = 120 };

static const Option options[] = {
    {"steps", "1500", "steps of training, 1,024 tokens and some 10 ms each"},
    {"held-out", "512", "rows that the losses are measured on"},
    {0}};

// The run with learned positions is short, and so is its schedule.
static SmallRun run_of(Lab *lab, Language *l, PositionKind position, long long steps) {
    SmallRun r = {
        .language = l,
        .config = model_kinds[MODEL_BERT].config(1, 1, CHANNELS, LAYERS, HEADS),
        .objective = {.kind = OBJECTIVE_MLM},
        .settings = small_run_settings(BATCH, steps),
        .time = TIME,
        .held_out = (int)option_int(&lab->args, "held-out", 32, 1 << 16),
        .seed = lab->seed};
    r.config.position = position;
    return r;
}

static void claim_end(Lab *lab, const RunPoint *p) {
    lab_print(lab, "after %.2f M tokens: loss %.4f +- %.4f, excess %.4f +- %.4f",
              1e-6 * p->tokens, p->loss, p->loss_error, p->excess, p->excess_error);
    claim_at_most(lab, "4.54", "paired standard error, of the loss's own",
                  p->loss_error / 2, p->excess_error);
    // a divergence is not negative; 0.02 is what we ask of a run of these tokens
    claim_at_least(lab, "4.55", "excess, at least minus 4 SE", -4 * p->excess_error,
                   p->excess);
    claim_at_most(lab, "4.55", "excess", 0.02, p->excess);
}

// The excess of a run at so many tokens, between its points.
static double excess_at(const SmallRun *r, double tokens) {
    int i = 1;
    while (i < r->count - 1 && r->points[i].tokens < tokens) i++;
    const RunPoint *a = &r->points[i - 1], *b = &r->points[i];
    double share = log(tokens / a->tokens) / log(b->tokens / a->tokens);
    return a->excess + share * (b->excess - a->excess);
}

static void draw(Lab *lab, const SmallRun *turned, const SmallRun *table) {
    Plot *p = plot_new(lab, "mlm_floor", "tokens loss error floor table_tokens table");
    for (int i = 0; i < turned->count; i++) {
        const RunPoint *a = &turned->points[i], *b = &table->points[i];
        bool both = i < table->count;
        plot_row(p, a->tokens, a->loss, a->loss_error, a->floor, both ? b->tokens : NAN,
                 both ? b->loss : NAN);
    }
    plot_axes(p, "tokens of training", "nats per selected symbol, held out");
    plot_set(p, "logscale x"), plot_set(p, "yrange [0:*]");
    plot_line(p, "tokens", "floor", "floor: the exact posterior, same places");
    plot_errors(p, "tokens", "loss", "error", "positions turned");
    plot_points(p, "table_tokens", "table", "positions learned");
    plot_end(p);
}

static void run(Lab *lab) {
    long long steps = option_int(&lab->args, "steps", 20, 1000000);
    LanguageSettings of = {1, 6, 1, 0.3};
    Language l = language_new(LANGUAGE_MARKOV, &of);
    SmallRun turned = run_of(lab, &l, POSITION_ROPE, steps),
             table = run_of(lab, &l, POSITION_LEARNED,
                            steps < SHORT_STEPS ? steps : SHORT_STEPS);
    small_run(lab, &table), small_run(lab, &turned);
    claim_end(lab, &turned.points[turned.count - 1]);
    const RunPoint *last = &table.points[table.count - 1];
    // not derived: that the table is slow to learn who is whose neighbour
    claim_at_most(lab, "4.56", "positions turned: excess, of that of learned ones",
                  last->excess / 2, excess_at(&turned, last->tokens));
    draw(lab, &turned, &table);
    small_run_free(&turned), small_run_free(&table), language_free(&l);
}

const LabSpec lab_mlm_floor = {"mlm-floor", "4.12", "A masked model against its floor",
                               run, options};
