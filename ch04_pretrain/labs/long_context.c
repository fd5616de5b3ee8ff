// Trained on short rows, tested on rows four times as long: six ways to tell positions.
// Lecture, section 4.33.
//
// Mess3 has one law everywhere, and its reader forgets: what is long ago says nothing. So
// nothing but the way positions are told can make place 100 harder than place 10.
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/labs/small_run.h"
#include "ch04_pretrain/model_kinds.h"
#include "common/error.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { TIME = 32, LONG = 4 * TIME, BATCH = 16, ROWS = 256, CHANNELS = 32, LAYERS = 1 };
enum { HEADS = 4, BIN = 8, BINS = LONG / BIN };

static const Option options[] = {
    {"steps", "600", "steps of training of each of five models, some 1 ms each"},
    {"tune", "60", "steps on long rows for the interpolated model, 512 symbols each"},
    {"layers", "1", "of the models"},
    {0}};

typedef enum {
    WAY_SINUSOIDAL,
    WAY_LEARNED,
    WAY_ROPE,
    WAY_INTERPOLATED,
    WAY_BASE,
    WAY_ALIBI,
    WAYS
} Way;

static const struct {
    const char *column, *title;
    PositionKind position;
    double base;  // of RoPE; 0: 10,000
} ways[] = {
    [WAY_SINUSOIDAL] = {"sinusoidal", "sinusoidal", POSITION_SINUSOIDAL, 0},
    [WAY_LEARNED] = {"learned", "learned", POSITION_LEARNED, 0},
    [WAY_ROPE] = {"rope", "RoPE", POSITION_ROPE, 0},
    [WAY_INTERPOLATED] = {"interpolated", "RoPE, interpolated and tuned", POSITION_ROPE,
                          0},
    [WAY_BASE] = {"base", "RoPE, base 500,000", POSITION_ROPE, 500000},
    [WAY_ALIBI] = {"alibi", "ALiBi", POSITION_ALIBI, 0},
};
_Static_assert(sizeof ways / sizeof *ways == WAYS, "a way without a line in the table");

// The excess over the source's own loss, by place in the row, BIN places together.
typedef struct {
    Mean bin[WAYS][BINS];
    Mean untuned[BINS];  // interpolated, and not trained on long rows
} Curves;

static void measure(Mean bin[BINS], const Model *m, Data *held_out) {
    static double nats[LONG];
    int row[LONG + 1];
    ObjectiveSettings clm = {.kind = OBJECTIVE_CLM};
    Tape *t = tape_new((Params *)&m->params);
    Batch b = objective_batch_new(&clm, ROWS, LONG);
    Mat said = mat_new(ROWS, LONG);
    objective_fill(&b, &clm, held_out, 0);
    objective_log_probs(said, t, m, &b);
    memset(bin, 0, BINS * sizeof *bin);
    for (int n = 0; n < ROWS; n++) {
        data_row(held_out, n, row);
        data_surprise(held_out, row, nats);
        for (int k = 0; k < BINS; k++) {
            double sum = 0;
            for (int i = k * BIN; i < (k + 1) * BIN; i++)
                sum += -(double)*mat_at(said, n, i) - nats[i];
            mean_add(&bin[k], sum / BIN);
        }
    }
    mat_free(said), batch_free(&b), tape_free(t);
}

static SmallRun run_of(Lab *lab, Language *l, Way way) {
    long long steps = option_int(&lab->args, "steps", 20, 1000000);
    int layers = (int)option_int(&lab->args, "layers", 1, 12);
    SmallRun r = {
        .language = l,
        .config = model_kinds[MODEL_LLAMA].config(1, 1, CHANNELS, layers, HEADS),
        .objective = {.kind = OBJECTIVE_CLM},
        .settings = small_run_settings(BATCH, steps),
        .time = TIME,
        .context = LONG,
        .held_out = ROWS,
        .seed = lab->seed};
    r.config.position = ways[way].position;
    r.config.rope.base = ways[way].base;
    return r;
}

// The same parameters with all distances divided by 4: positions 0 .. 127 become 0 .. 31.75.
static void interpolated(Model *m, const Model *from, const Rng *rng) {
    Config c = from->config;
    Error err;
    c.rope.scaling = ROPE_SCALING_PI, c.rope.factor = LONG / TIME,
    c.rope.trained = TIME;
    if (!model_new(m, &c, &err)) die("%s", err.text);
    model_allocate(m, rng);
    params_take(&m->params, &from->params);
    params_allocate_grads(&m->params);
}

static void tune(Lab *lab, Model *m, const Language *l) {
    enum { LONG_BATCH = BATCH * TIME / LONG };
    long long steps = option_int(&lab->args, "tune", 0, 1000000);
    Data data = data_of_language(l, LONG, lab->seed + 1);
    TrainSettings s = small_run_settings(LONG_BATCH, steps);
    s.seed = lab->seed;
    Trainer t = trainer_new(m, &data, s, (ObjectiveSettings){.kind = OBJECTIVE_CLM});
    while (t.step < steps) trainer_step(&t);
    trainer_free(&t), data_free(&data);
}

static void measure_interpolated(Lab *lab, const SmallRun *r, Data *held_out,
                                 Curves *c) {
    Model m;
    interpolated(&m, &r->model, &lab->rng);
    measure(c->untuned, &m, held_out);
    tune(lab, &m, r->language);
    measure(c->bin[WAY_INTERPOLATED], &m, held_out);
    model_free(&m);
}

static double excess(const Mean bin[BINS], int first, int last) {
    Mean all = {0};
    for (int k = first / BIN; k < last / BIN; k++) mean_join(&all, bin[k]);
    return mean_of(all);
}

static void print_curve(Lab *lab, const char *title, const Mean bin[BINS]) {
    lab_print(lab, "%-28s excess at 1-32 %.4f, 33-64 %.4f, 65-128 %.4f", title,
              excess(bin, 0, TIME), excess(bin, TIME, 2 * TIME),
              excess(bin, 2 * TIME, LONG));
}

// Not derived: what runs of these tokens learn. Of the 0.3 nats that there are to be known,
// ln 3 - h, a fifteenth is little and a third is much.
static void claim_curves(Lab *lab, const Curves *c) {
    const double LITTLE = 0.02, MUCH = 0.1;
    const Mean *rope = c->bin[WAY_ROPE], *tuned = c->bin[WAY_INTERPOLATED];
    double trained = 0;
    for (int w = 0; w < WAYS; w++) {
        print_curve(lab, ways[w].title, c->bin[w]);
        trained = nan_max(trained, excess(c->bin[w], 0, TIME));
    }
    print_curve(lab, "RoPE, interpolated alone", c->untuned);
    claim_at_most(lab, "4.150", "as long as in training: excess, worst of six", LITTLE,
                  trained);
    claim_at_least(lab, "4.151", "sinusoidal, up to twice as long: excess", MUCH,
                   excess(c->bin[WAY_SINUSOIDAL], TIME, 2 * TIME));
    claim_at_least(lab, "4.151", "learned, up to twice as long: excess", MUCH,
                   excess(c->bin[WAY_LEARNED], TIME, 2 * TIME));
    claim_at_least(lab, "4.152", "RoPE, up to four times as long: excess", MUCH,
                   excess(rope, 2 * TIME, LONG));
    claim_at_most(lab, "4.152", "base 500,000, up to twice as long: excess, of RoPE's",
                  excess(rope, TIME, 2 * TIME) / 4,
                  excess(c->bin[WAY_BASE], TIME, 2 * TIME));
    claim_at_most(lab, "4.153", "ALiBi, up to four times as long: excess", LITTLE,
                  excess(c->bin[WAY_ALIBI], 2 * TIME, LONG));
    claim_at_most(lab, "4.153", "interpolated, tuned: excess up to four times", LITTLE,
                  excess(tuned, 2 * TIME, LONG));
    claim_at_least(lab, "4.153",
                   "interpolated alone: excess at once, of the tuned one's",
                   2 * excess(tuned, 0, TIME), excess(c->untuned, 0, TIME));
}

static void draw(Lab *lab, const Curves *c) {
    Plot *p =
        plot_new(lab, "long_context",
                 "position sinusoidal learned rope interpolated base alibi untuned");
    for (int k = 0; k < BINS; k++) {
        double row[WAYS + 2] = {k * BIN + (BIN + 1) / 2.0};
        for (int w = 0; w < WAYS; w++) row[w + 1] = mean_of(c->bin[w][k]);
        row[WAYS + 1] = mean_of(c->untuned[k]);
        plot_row_values(p, row);
    }
    plot_title(p, "Trained on 32 symbols, tested on 128");
    plot_axes(p, "position in the row", "nats above the source's own loss");
    plot_set(p, "logscale y"), plot_set(p, "yrange [1e-3:*]");
    plot_set(p, "arrow 1 from 32.5,graph 0 to 32.5,graph 1 nohead dashtype 2");
    static const char *const colours[] = {PLOT_BLACK, PLOT_GREY,  PLOT_BLUE,
                                          PLOT_SKY,   PLOT_GREEN, PLOT_VERMILION};
    for (int w = 0; w < WAYS; w++)
        plot_series(p,
                    "using \"position\":\"%s\" with linespoints pointtype %d linecolor "
                    "\"%s\" title '%s'",
                    ways[w].column, 4 + w, colours[w], ways[w].title);
    plot_end(p);
}

static void run(Lab *lab) {
    Language l = language_new(LANGUAGE_HMM, NULL);
    Data held_out = data_of_language(&l, LONG, lab->seed + 2);
    Curves *c = allocate(1, sizeof *c);
    for (int w = 0; w < WAYS; w++) {
        if (w == WAY_INTERPOLATED) continue;  // made of RoPE's
        SmallRun r = run_of(lab, &l, (Way)w);
        small_run_begin(&r), small_run_to(lab, &r, r.settings.steps);
        measure(c->bin[w], &r.model, &held_out);
        if (w == WAY_ROPE) measure_interpolated(lab, &r, &held_out, c);
        small_run_free(&r);
    }
    claim_curves(lab, c);
    draw(lab, c);
    free(c), data_free(&held_out), language_free(&l);
}

const LabSpec lab_long_context = {"long-context", "4.33", "Longer than in training",
                                  run, options};
