// Tiles where attention is used: chapter 4's trainer and chapter 5's PPO, once with
// tables and once with tiles. Lecture, section 6.7.
//
// With --context 8192 it is a run that tables do not fit into; with --time it says what a
// step takes (which differs from run to run).
#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/published.h"
#include "ch04_pretrain/trainer.h"
#include "ch05_sft_rlhf/enumerated.h"
#include "ch06_flash/flash_attend.h"
#include "common/error.h"
#include "common/numeric/timing.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"context", "96", "T: tokens of a row"},
    {"batch", "4", "B: rows of a step"},
    {"layers", "2", "of the model"},
    {"heads", "4", "H"},
    {"channels", "32", "C"},
    {"steps", "20", "of chapter 4's trainer"},
    {"updates", "10", "of chapter 5's PPO"},
    {"most", "1024", "MiB of weights at most: more, and tables are left out"},
    {"time", OPTION_FLAG, "say what a step takes"},
    {0}};

enum { MOST_STEPS = 1000 };

typedef struct {
    int context, batch, layers, heads, channels, steps, updates;
    double most;
    bool time;
} Plan;

static Plan plan_of(const Args *args) {
    Plan p = {.context = (int)option_int(args, "context", 2, 1 << 16),
              .batch = (int)option_int(args, "batch", 1, 256),
              .layers = (int)option_int(args, "layers", 1, 64),
              .heads = (int)option_int(args, "heads", 1, 64),
              .channels = (int)option_int(args, "channels", 2, 4096),
              .steps = (int)option_int(args, "steps", 1, MOST_STEPS),
              .updates = (int)option_int(args, "updates", 1, MOST_STEPS),
              .most = option_real(args, "most", 0, 1e6),
              .time = option_flag(args, "time")};
    if (p.channels % (2 * p.heads))
        die("--channels %d: expected a multiple of twice --heads %d, since RoPE turns "
            "numbers in pairs",
            p.channels, p.heads);
    return p;
}

// ---- chapter 4

typedef struct {
    double loss[MOST_STEPS];
    double seconds;   // of the fastest step
    long long bytes;  // that forward leaves for backward
} Pretraining;

static Model model_make(const Plan *p, int vocabulary, Rng rng) {
    Config c = config_small_llama(vocabulary, p->context, p->channels, p->layers,
                                  p->heads, p->heads);
    Model m;
    Error err;
    if (!model_new(&m, &c, &err)) die("%s", err.text);
    model_allocate(&m, &rng);
    params_allocate_grads(&m.params);
    return m;
}

// The trainer's own tape is empty after each step.
static long long kept_for_backward(Model *m, const Batch *part) {
    Tape *t = tape_new(&m->params);
    objective_loss_smoothed(t, m, part, 0);
    long long bytes = (long long)tape_counts(t).activation_bytes;
    tape_free(t);
    return bytes;
}

static void pretrain(Pretraining *r, Lab *lab, const Plan *p, AttendFunction *how) {
    Language l = language_new(LANGUAGE_MARKOV, NULL);
    Data data = data_of_language(&l, p->context, lab->seed);
    Model m = model_make(p, data.vocabulary, lab->rng);
    model_set_attend(&m, how);
    Trainer t = trainer_new(
        &m, &data,
        (TrainSettings){.batch = p->batch,
                        .accumulate = 1,
                        .steps = p->steps,
                        .rate = 3e-3,
                        .clip = 1},
        (ObjectiveSettings){.kind = OBJECTIVE_CLM, .rng = rng_new(lab->seed)});
    r->seconds = INFINITY;
    for (int i = 0; i < p->steps; i++) {
        double begin = now_seconds();
        r->loss[i] = trainer_step(&t).loss;
        r->seconds = fmin(r->seconds, now_seconds() - begin);
        lab_progress_value(lab, i, p->steps, "loss", r->loss[i]);
    }
    r->bytes = kept_for_backward(&m, &t.parts[0]);
    trainer_free(&t), model_free(&m), data_free(&data), language_free(&l);
}

// The part of a loss by which a step is off: its own rounding, and that of B T targets,
// each from sums of C products; as these are independent, their mean is off by less.
static double rounding_of(const Plan *p) {
    return (1 + 5 * sqrt(p->channels / ((double)p->batch * p->context))) * 0x1p-24;
}

static void print_run(Lab *lab, const Plan *p, const char *name, const Pretraining *r) {
    lab_print(lab, "%s: loss %.6f at first, %.6f at last; %.1f MiB kept for backward",
              name, r->loss[0], r->loss[p->steps - 1], (double)r->bytes / 0x1p20);
    if (p->time) lab_print(lab, "%s: %.3f s per step, the fastest", name, r->seconds);
}

static void compare(Lab *lab, const Plan *p, const Pretraining *tables,
                    const Pretraining *tiles) {
    double worst = 0;
    Plot *plot = plot_new(lab, "training", "step tables tiles");
    for (int i = 0; i < p->steps; i++) {
        double off = fabs(tables->loss[i] - tiles->loss[i]),
               bound = (i + 1) * rounding_of(p) * tables->loss[i];
        worst = nan_max(worst, off / bound);
        plot_row(plot, i + 1, tables->loss[i], tiles->loss[i]);
    }
    // each step adds its own roundings to what the steps before have left
    claim_at_most(lab, "6.33", "chapter 4's losses, difference / (steps x rounding)", 1,
                  worst);
    claim_equal(lab, "6.34", "kept less for backward: 4 B H T (T - 1) bytes per layer",
                4LL * p->layers * p->batch * p->heads * p->context * (p->context - 1),
                tables->bytes - tiles->bytes);
    plot_axes(plot, "step", "loss, nats per token");
    plot_line(plot, "step", "tables", "attention with tables");
    plot_points(plot, "step", "tiles", "attention in tiles");
    plot_end(plot);
}

static void chapter_4(Lab *lab, const Plan *p) {
    double table = 4.0 * p->layers * p->batch * p->heads * p->context * p->context;
    Pretraining *tables = allocate(1, sizeof *tables),
                *tiles = allocate(1, sizeof *tiles);
    pretrain(tiles, lab, p, flash_attend);
    print_run(lab, p, "tiles", tiles);
    if (table <= p->most * 0x1p20) {
        pretrain(tables, lab, p, attend);
        print_run(lab, p, "tables", tables);
        compare(lab, p, tables, tiles);
    } else {
        lab_print(lab, "tables would keep %.1f MiB of weights: left out (--most)",
                  table / 0x1p20);
    }
    free(tables), free(tiles);
}

// ---- chapter 5

// The policy after some updates from its own answers: log-probabilities of all answers
// of the enumerable problem, and the mean reward of the last update.
static double align(double *log_p, Lab *lab, int updates, AttendFunction *how) {
    enum { ANSWERS = 64 };
    Enumerated x;
    enumerated_new(&x, enumerated_shape(), rng_split(&lab->rng, 0));
    model_set_attend(&x.policy, how), model_set_attend(&x.reference, how);
    PpoSettings s = ppo_defaults();
    s.advantages = ADVANTAGE_CENTRED;
    Ppo p = enumerated_ppo(&x, NULL, s);
    Draws d = draws_new(&x, ANSWERS);
    Rng rng = rng_split(&lab->rng, 1);
    double reward = NAN;
    for (int i = 0; i < updates; i++) {
        draws_fill(&d, &x, BASELINE_PROMPT, s.beta, &rng);
        reward = ppo_step(&p, d.answers, d.rewards, d.count, d.values, 1e-3).reward;
    }
    enumerated_measure(&x, s.beta);
    for (int i = 0; i < x.space.size; i++) log_p[i] = x.log_p[i];
    draws_free(&d), ppo_free(&p), enumerated_free(&x);
    return reward;
}

static void chapter_5(Lab *lab, const Plan *p) {
    enum { MOST_ANSWERS = 4096 };
    double *a = allocate(MOST_ANSWERS, sizeof *a),
           *b = allocate(MOST_ANSWERS, sizeof *b);
    for (int i = 0; i < MOST_ANSWERS; i++) a[i] = b[i] = -INFINITY;
    double reward_a = align(a, lab, p->updates, attend),
           reward_b = align(b, lab, p->updates, flash_attend), off = 0;
    for (int i = 0; i < MOST_ANSWERS; i++)
        off = nan_max(off, fabs(exp(a[i]) - exp(b[i])));
    // the same answers are drawn, so rewards are the same sums
    claim_near(lab, "6.35", "chapter 5's PPO: mean reward of the last update", reward_a,
               reward_b, 0);
    // 16 steps of Adam per update, each off by the rounding of a pass over all prefixes
    // (2 x 40 rows of 32 channels), of probabilities of at most 1; what one step is off
    // the next ones keep, and all may point the same way
    double rounding = 5 * sqrt(32 + 80) * 0x1p-24;
    claim_near(lab, "6.35", "an answer's probability afterwards, largest difference", 0,
               off, 16 * p->updates * rounding);
    free(a), free(b);
}

static void run(Lab *lab) {
    Plan p = plan_of(&lab->args);
    chapter_4(lab, &p);
    chapter_5(lab, &p);
}

const LabSpec lab_training = {"training", "6.7", "Chapters 4 and 5 with tiles", run,
                              options};
