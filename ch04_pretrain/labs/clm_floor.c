// The headline: how far down could it have gone? Lecture, section 4.11.
//
// One source, a Markov chain of order 2, and five models that read the same rows: those
// that count symbols, pairs and triples; a recurrent network; a transformer. Each can go
// down to the entropy of what it can see, and no further.
#include <math.h>
#include <string.h>

#include "ch04_pretrain/labs/recurrent_run.h"
#include "ch04_pretrain/markov.h"
#include "ch04_pretrain/model_kinds.h"
#include "common/program/plot.h"

enum {
    SYMBOLS = 3,
    IDS = SYMBOLS + 1,
    ORDERS = 3,
    TIME = 32,
    BATCH = 16,
    HELD_OUT = 512
};
enum { RECURRENT_CHANNELS = 32 };

static const Option options[] = {
    {"steps", "1500", "steps of training, 512 tokens and some 1 ms each"}, {0}};

// ---- counting: KT's rule, after 0, 1 or 2 symbols; a row's END is a symbol like others

typedef struct {
    double of[ORDERS][IDS * IDS][SYMBOLS];
} Counts;

// What a reader of `order` symbols sees before row[i].
static int context(const int *row, int i, int order) {
    int code = 0;
    for (int k = order; k >= 1; k--)
        code = code * IDS + (i >= k ? row[i - k] : SYMBOLS);
    return code;
}

static void count_row(Counts *c, const int *row) {
    for (int order = 0; order < ORDERS; order++)
        for (int i = 1; i <= TIME; i++) c->of[order][context(row, i, order)][row[i]]++;
}

static double counted_loss(const Counts *c, int order, Data *d) {
    double nats = 0;
    int row[TIME + 1];
    for (int n = 0; n < HELD_OUT; n++) {
        data_row(d, n, row);
        for (int i = 1; i <= TIME; i++) {
            const double *seen = c->of[order][context(row, i, order)];
            double all = SYMBOLS / 2.0;
            for (int x = 0; x < SYMBOLS; x++) all += seen[x];
            nats -= log((seen[row[i]] + 0.5) / all);
        }
    }
    return nats / (HELD_OUT * TIME);
}

// ---- all of them, at the same points

typedef struct {
    double counted[ORDERS][RUN_POINTS], recurrent[RUN_POINTS];
} Others;

static void train_others(Lab *lab, SmallRun *run, Others *o) {
    static Counts counts;
    RecurrentRun r;
    long long at[RUN_POINTS], row = 0;
    int points = small_run_steps(run->settings.steps, at), tokens[TIME + 1];
    memset(&counts, 0, sizeof counts);
    recurrent_run_new(&r, run, CELL_PLAIN, RECURRENT_CHANNELS, false);
    for (int i = 0; i < points; i++) {
        for (; row < at[i] * BATCH; row++) {
            data_row(&run->data, row, tokens), count_row(&counts, tokens);
            if (row % BATCH == 0) recurrent_run_step(&r, run, row / BATCH);
        }
        for (int k = 0; k < ORDERS; k++)
            o->counted[k][i] = counted_loss(&counts, k, &run->held_out_data);
        o->recurrent[i] = recurrent_run_held_out(&r, run, HELD_OUT);
        lab_progress_value(lab, (double)at[i], (double)run->settings.steps,
                           "recurrent, loss", o->recurrent[i]);
    }
    recurrent_run_free(&r);
}

// ---- floors: a row's first symbols have less before them

// What readers of 0, 1 and 2 symbols can reach, on average over a row.
static void floors_of(const Markov *m, double floor[ORDERS]) {
    for (int order = 0; order < ORDERS; order++) {
        floor[order] = 0;
        for (int t = 1; t <= TIME; t++)
            floor[order] += markov_block_entropy(m, t <= order ? t : order + 1) / TIME;
    }
}

static void claim_end(Lab *lab, const SmallRun *r, const Others *o, const double *floor,
                      double h) {
    int last = r->count - 1;
    const RunPoint *p = &r->points[last];
    lab_print(lab, "h %.4f; floors by row: symbols %.4f, pairs %.4f, the source %.4f",
              h, floor[0], floor[1], floor[2]);
    lab_print(lab, "after %.2f M tokens: loss %.4f +- %.4f, excess %.5f +- %.5f",
              1e-6 * p->tokens, p->loss, p->loss_error, p->excess, p->excess_error);
    // the held-out rows' luck, which is all in p->floor
    claim_near(lab, "4.50", "the source's own loss: the floor averaged over a row",
               floor[2], p->floor, 5 * p->loss_error);
    claim_near(
        lab, "4.50", "that floor: (F_1 + F_2 + (L - 2) h) / L",
        (floor[0] + (floor[1] * TIME - floor[0]) / (TIME - 1) + (TIME - 2) * h) / TIME,
        floor[2], 1e-12);
    claim_at_most(lab, "4.51", "paired standard error, of the loss's own",
                  p->loss_error / 5, p->excess_error);
    // a divergence is not negative; 0.01 is what we ask of a run of these tokens
    claim_at_least(lab, "4.52", "transformer: excess, at least minus 4 SE",
                   -4 * p->excess_error, p->excess);
    claim_at_most(lab, "4.52", "transformer: excess", 0.01, p->excess);
    claim_at_most(lab, "4.52", "transformer: below the pairs' floor by 0.1",
                  floor[1] - 0.1, p->loss);
    // five standard errors of the held-out rows' luck
    for (int k = 0; k < ORDERS; k++)
        claim_near(lab, "4.53",
                   (const char *[]){"counted symbols end at their floor",
                                    "counted pairs end at their floor",
                                    "counted triples end at their floor"}[k],
                   floor[k], o->counted[k][last], 5 * p->loss_error + 1e-3);
}

static void draw(Lab *lab, const SmallRun *r, const Others *o, const double *floor) {
    Plot *p = plot_new(lab, "clm_floor",
                       "tokens symbols pairs triples recurrent transformer floor_1 "
                       "floor_2 floor_3");
    for (int i = 0; i < r->count; i++)
        plot_row(p, r->points[i].tokens, o->counted[0][i], o->counted[1][i],
                 o->counted[2][i], o->recurrent[i], r->points[i].loss, floor[0],
                 floor[1], floor[2]);
    plot_axes(p, "tokens of training", "nats per symbol, held out");
    plot_set(p, "logscale x");
    plot_line(p, "tokens", "floor_1", "floor: no symbol before");
    plot_line(p, "tokens", "floor_2", "floor: one before");
    plot_line(p, "tokens", "floor_3", "floor: all before");
    plot_points(p, "tokens", "symbols", "counts symbols");
    plot_points(p, "tokens", "pairs", "counts pairs");
    plot_points(p, "tokens", "triples", "counts triples");
    plot_points(p, "tokens", "recurrent", "recurrent network");
    plot_series(p,
                "using \"tokens\":\"transformer\" with linespoints linecolor "
                "\"" PLOT_PURPLE "\" title 'transformer'");
    plot_end(p);
}

// Both axes logarithmic: the tail, which the first figure cannot show.
static void draw_excess(Lab *lab, const SmallRun *r, const Others *o) {
    Plot *p = plot_new(lab, "clm_excess", "tokens transformer error recurrent triples");
    for (int i = 0; i < r->count; i++)
        plot_row(p, r->points[i].tokens, r->points[i].excess, r->points[i].excess_error,
                 o->recurrent[i] - r->points[i].floor,
                 o->counted[2][i] - r->points[i].floor);
    plot_title(p, "Above the source's own loss on the same rows");
    plot_axes(p, "tokens of training", "nats per symbol");
    plot_set(p, "logscale xy"), plot_set(p, "yrange [1e-5:1]");
    plot_points(p, "tokens", "triples", "counts triples");
    plot_points(p, "tokens", "recurrent", "recurrent network");
    plot_errors(p, "tokens", "transformer", "error", "transformer");
    plot_end(p);
}

static SmallRun run_of(Lab *lab, Language *l) {
    long long steps = option_int(&lab->args, "steps", 20, 1000000);
    Config c = model_kinds[MODEL_GPT2].config(1, 1, 32, 1, 2);
    return (SmallRun){.language = l,
                      .config = c,
                      .objective = {.kind = OBJECTIVE_CLM},
                      .settings = small_run_settings(BATCH, steps),
                      .time = TIME,
                      .held_out = HELD_OUT,
                      .seed = lab->seed};
}

static void run(Lab *lab) {
    // one and the same source for every --seed, which draws texts and weights
    LanguageSettings of = {1, SYMBOLS, 2, 0.5};
    Language l = language_new(LANGUAGE_MARKOV, &of);
    SmallRun r = run_of(lab, &l);
    Others o;
    double floor[ORDERS], h = markov_entropy_rate(l.self);
    floors_of(l.self, floor);
    small_run(lab, &r);
    train_others(lab, &r, &o);
    claim_end(lab, &r, &o, floor, h);
    draw(lab, &r, &o, floor), draw_excess(lab, &r, &o);
    small_run_free(&r), language_free(&l);
}

const LabSpec lab_clm_floor = {"clm-floor", "4.11", "How far down could it have gone?",
                               run, options};
