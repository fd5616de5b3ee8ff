// Label smoothing moves the floor. Lecture, section 4.13.
//
// Two runs that differ in the share eps of each target that is spread over all tokens.
// The smoothed one cannot reach the source's own loss: its optimum is another
// distribution, and by how much that loses is known.
#include <math.h>

#include "ch04_pretrain/labs/small_run.h"
#include "ch04_pretrain/model_kinds.h"
#include "common/program/plot.h"

enum { SYMBOLS = 3, TIME = 32, HELD_OUT = 512, RUNS = 2 };

static const Option options[] = {
    {"steps", "1200", "steps of training, 512 tokens and some 2 ms each"},
    {"eps", "0.1", "share that is spread"},
    {0}};

static SmallRun run_of(Lab *lab, Language *l, long long steps, double eps) {
    SmallRun r = {.language = l,
                  .config = model_kinds[MODEL_GPT2].config(1, 1, 32, 1, 2),
                  .objective = {.kind = OBJECTIVE_CLM},
                  .settings = small_run_settings(16, steps),
                  .time = TIME,
                  .held_out = HELD_OUT,
                  .seed = lab->seed};
    r.settings.smoothing = eps;
    return r;
}

// What the best smoothed model, q = (1 - eps) p + eps / V, loses on the held-out rows.
typedef struct {
    double plain;  // beyond the source, per token: ln p - ln q at the symbol that came
    double smoothed;  // by the loss that is trained, on the same symbols
} Moved;

static Moved moved_floor(SmallRun *r, double eps) {
    const Language *l = r->language;
    Moved sum = {0};
    int row[TIME + 1], ids = r->data.vocabulary;
    for (int n = 0; n < HELD_OUT; n++) {
        data_row(&r->held_out_data, n, row);
        for (int i = 1; i <= TIME; i++) {
            double p[SYMBOLS], all = -log(eps / ids);  // END's share
            l->kind->next(l, row + 1, i - 1, p);
            for (int x = 0; x < SYMBOLS; x++) all -= log((1 - eps) * p[x] + eps / ids);
            double q = (1 - eps) * p[row[i]] + eps / ids;
            sum.plain += log(p[row[i]] / q);
            sum.smoothed -= (1 - eps) * log(q);
            sum.smoothed += eps / ids * all;
        }
    }
    double count = HELD_OUT * TIME;
    return (Moved){sum.plain / count, sum.smoothed / count};
}

// The loss that is trained, on the held-out rows.
static double trained_loss(SmallRun *r, double eps) {
    Batch b = objective_batch_new(&r->objective, HELD_OUT, TIME);
    Tape *t = tape_new(&r->model.params);
    objective_fill(&b, &r->objective, &r->held_out_data, 0);
    double loss = (double)*objective_loss_smoothed(t, &r->model, &b, eps)->value.at;
    tape_free(t), batch_free(&b);
    return loss;
}

static void claim_end(Lab *lab, SmallRun runs[RUNS], Moved m, double eps) {
    const RunPoint *plain = &runs[0].points[runs[0].count - 1],
                   *smooth = &runs[1].points[runs[1].count - 1];
    double trained = trained_loss(&runs[1], eps);
    lab_print(lab,
              "excess with eps = 0: %.5f +- %.5f; with eps = %g: %.4f, derived %.4f",
              plain->excess, plain->excess_error, eps, smooth->excess, m.plain);
    claim_at_most(lab, "4.64", "excess without smoothing", 0.01, plain->excess);
    // 0.01: what runs of this length are asked for everywhere here
    claim_near(lab, "4.64", "excess with it: mean of ln p - ln q", m.plain,
               smooth->excess, 0.01);
    claim_at_least(lab, "4.64", "and so it misses the floor by", 0.01, smooth->excess);
    claim_near(lab, "4.65", "the smoothed loss: cross-entropy of q with itself",
               m.smoothed, trained, 0.01);
}

static void draw(Lab *lab, const SmallRun runs[RUNS], double moved) {
    Plot *p = plot_new(lab, "label_smoothing", "tokens plain smoothed moved");
    for (int i = 0; i < runs[0].count; i++)
        plot_row(p, runs[0].points[i].tokens, runs[0].points[i].excess,
                 runs[1].points[i].excess, moved);
    plot_axes(p, "tokens of training", "nats above the source's own loss");
    plot_set(p, "logscale xy"), plot_set(p, "yrange [1e-4:2]");
    plot_line(p, "tokens", "moved", "floor with smoothing, derived");
    plot_points(p, "tokens", "plain", "without smoothing");
    plot_points(p, "tokens", "smoothed", "with smoothing");
    plot_end(p);
}

static void run(Lab *lab) {
    long long steps = option_int(&lab->args, "steps", 20, 1000000);
    double eps = option_real(&lab->args, "eps", 0.001, 0.9);
    Language l = language_new(LANGUAGE_MARKOV, &LANGUAGE_DEFAULTS);
    SmallRun runs[RUNS];
    for (int i = 0; i < RUNS; i++) {
        runs[i] = run_of(lab, &l, steps, i ? eps : 0);
        small_run(lab, &runs[i]);
    }
    Moved m = moved_floor(&runs[1], eps);
    claim_end(lab, runs, m, eps);
    draw(lab, runs, m.plain);
    for (int i = 0; i < RUNS; i++) small_run_free(&runs[i]);
    language_free(&l);
}

const LabSpec lab_label_smoothing = {"label-smoothing", "4.13",
                                     "Label smoothing moves the floor", run, options};
