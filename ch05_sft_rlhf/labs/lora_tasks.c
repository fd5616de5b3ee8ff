// Full fine-tuning beside adapters: what each learns, what it costs, what it forgets.
// Lecture, section 5.12.
//
// The assistant has never met two kinds of question. It is taught them, by the same
// conversations in the same order, with all of its weights or with adapters beside
// them.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/labs/adapt.h"
#include "ch05_sft_rlhf/lora.h"
#include "ch05_sft_rlhf/policy.h"
#include "ch05_sft_rlhf/tax.h"
#include "common/program/plot.h"

static const Option options[] = {{"steps", "60", "of training, each way"},
                                 {"rank", "8", "of the adapters"},
                                 {"rate", "3e-3", "the highest rate of full training"},
                                 {"adapter-rate", "1e-2", "of adapters"},
                                 {"count", "60", "held-out questions of each kind"},
                                 {"checkpoint", "", "another fine-tuned model"},
                                 {0}};

static const TaskKind new_kinds[] = {TASK_SWAP_TOY, TASK_LAST, TASK_KINDS},
                      old_kinds[] = {TASK_SWAP, TASK_FIRST, TASK_REFUSE, TASK_KINDS},
                      both_kinds[] = {TASK_SWAP_TOY, TASK_LAST,   TASK_SWAP,
                                      TASK_FIRST,    TASK_REFUSE, TASK_KINDS};

typedef struct {
    const char *name;
    bool full;  // all weights are trained
    int rank;   // 0: that of the option
    bool dora, int8;
    bool replay;  // old kinds among the new ones
} Way;
enum { FULL, LORA, RANK_1, DORA, QLORA, REPLAY, WAYS };
static const Way ways[] = {
    [FULL] = {"full", .full = true},       [LORA] = {"LoRA"},
    [RANK_1] = {"rank 1", .rank = 1},      [DORA] = {"DoRA", .dora = true},
    [QLORA] = {"int8 base", .int8 = true}, [REPLAY] = {"replay", .replay = true}};
_Static_assert(sizeof ways / sizeof *ways == WAYS, "a way without a line");

enum { STORIES = 64, LORA_RANK_USUAL = 8 };

typedef struct {
    double right, old_right;  // shares
    Mean tax;                 // nats per token of stories
    double trained;           // numbers with a gradient
    double base_bytes;        // of what is frozen, or of all weights
} Learnt;

typedef struct {
    AdaptWorld world;
    StagePlan plan;
    int count;
    double stories[STORIES];  // losses before
    Rng rng;
} Setup;

// Two moments per trained number, 4 bytes each.
static double moment_bytes(const Learnt *l) { return 2 * sizeof(float) * l->trained; }

static Learnt look(const Setup *s, const Model *m) {
    double after[STORIES];
    tax_losses(after, m, &s->world.sft.chat, &s->world.story, STORIES,
               rng_split(&s->rng, 0));
    return (Learnt){
        .right = adapt_right(&s->world, m, new_kinds, s->count, rng_split(&s->rng, 1)),
        .old_right =
            adapt_right(&s->world, m, old_kinds, s->count, rng_split(&s->rng, 2)),
        .tax = tax_of(after, s->stories, STORIES)};
}

static Learnt teach(Lab *lab, const Setup *s, const Way *w) {
    static Model copy;
    static Lora lora;
    Error err;
    Rng rng = rng_split(&s->rng, 3);
    StagePlan plan = s->plan;
    LoraSettings settings = {
        .rank = w->rank ? w->rank : (int)option_int(&lab->args, "rank", 1, 64),
        .dora = w->dora,
        .int8 = w->int8};
    plan.rate = option_real(&lab->args, w->full ? "rate" : "adapter-rate", 1e-6, 1);
    if (w->full) policy_copy(&copy, &s->world.sft.model);
    else if (!lora_new(&lora, &s->world.sft.model, settings, &rng, &err))
        die("lora-tasks: %s", err.text);
    Model *m = w->full ? &copy : &lora.model;
    SftData d = adapt_data(&s->world, &plan, w->replay ? both_kinds : new_kinds);
    if (!stage_sft(m, &d, &plan, NULL, NULL, &err)) die("%s", err.text);
    Learnt l = look(s, m);
    l.trained = (double)m->params.grad_size;
    l.base_bytes =
        w->full ? (double)(sizeof(float) * m->params.size) : (double)lora.base_bytes;
    if (w->full) model_free(&copy);
    else lora_free(&lora);
    return l;
}

// Layers at a byte per number and four per output, all else at four per number.
static long long int8_base(const Model *m) {
    const Config *c = &m->config;
    long long d = c->channels, h = c->hidden, layers = c->layers,
              numbers = layers * (4 * d * d + 3 * d * h),
              outputs = layers * (5 * d + 2 * h);
    return (long long)sizeof(float) * ((long long)m->params.size - numbers + outputs)
           + numbers;
}

static void claim(Lab *lab, const Setup *s, const Learnt *l, const Learnt *before) {
    // two points, and three standard errors of a difference of two shares
    double n = 2.0 * s->count, p = l[FULL].right,
           error = sqrt(2 * fmax(p * (1 - p), 1 / n) / n);
    claim_at_least(lab, "5.103", "right after LoRA, less right after full fine-tuning",
                   -0.02 - 3 * error, l[LORA].right - p);
    claim_at_least(lab, "5.103", "right after LoRA, above before", 0.5,
                   l[LORA].right - before->right);
    claim_equal(lab, "5.104", "numbers trained: r (in + out), 7 layers of 3 blocks",
                3LL * LORA_RANK_USUAL * 1280, (long long)l[LORA].trained);
    claim_at_most(lab, "5.104", "bytes of LoRA's moments / of full fine-tuning's", 0.2,
                  moment_bytes(&l[LORA]) / moment_bytes(&l[FULL]));
    claim_equal(lab, "5.105", "bytes of the weights with int8 layers",
                int8_base(&s->world.sft.model), (long long)l[QLORA].base_bytes);
    // what it knew is at 1; three standard errors of a difference are .15
    claim_at_least(lab, "5.106", "known kinds: forgotten by LoRA, right before - after",
                   0.15, before->old_right - l[LORA].old_right);
    claim_at_least(lab, "5.107", "known kinds: right after replay - without it", 0.15,
                   l[REPLAY].old_right - l[LORA].old_right);
}

static void draw(Lab *lab, const Learnt *l, const Learnt *before) {
    Plot *p = plot_new(lab, "lora_tasks",
                       "way right old_right tax tax_error trained moment_bytes "
                       "base_bytes before");
    char tics[256] = "xtics (";
    for (int k = 0; k < WAYS; k++) {
        plot_row(p, k, l[k].right, l[k].old_right, mean_of(l[k].tax),
                 mean_error(l[k].tax), l[k].trained, moment_bytes(&l[k]),
                 l[k].base_bytes, before->right);
        snprintf(tics + strlen(tics), sizeof tics - strlen(tics), "%s\"%s\" %d",
                 k ? ", " : "", ways[k].name, k);
    }
    plot_set(p, "%s)", tics);
    plot_set(p, "xrange [-0.5:%g]", WAYS - 0.5), plot_set(p, "yrange [-0.4:1.05]");
    plot_axes(p, "", "share of right answers; nats per token");
    plot_dashes(p, "way", "before", "new kinds, before");
    plot_points(p, "way", "right", "new kinds");
    plot_points(p, "way", "old_right", "kinds that it knew");
    plot_errors(p, "way", "tax", "tax_error", "tax on stories, nats per token");
    plot_end(p);
}

static void run(Lab *lab) {
    static Setup s;
    Learnt learnt[WAYS];
    adapt_open(&s.world, option_text(&lab->args, "checkpoint"));
    s.plan = stage_plan_usual, s.plan.seed = lab->seed;
    s.plan.sft_steps = option_int(&lab->args, "steps", 1, 1000000);
    s.plan.batch = 8, s.plan.time = 96;
    s.count = (int)option_int(&lab->args, "count", 10, 100000);
    s.rng = lab->rng;
    tax_losses(s.stories, &s.world.sft.model, &s.world.sft.chat, &s.world.story,
               STORIES, rng_split(&s.rng, 0));
    Learnt before = look(&s, &s.world.sft.model);
    lab_print(lab, "%-10s right %.3f, old kinds %.3f", "before", before.right,
              before.old_right);
    for (int k = 0; k < WAYS; k++) {
        learnt[k] = teach(lab, &s, &ways[k]);
        lab_print(lab,
                  "%-10s right %.3f, old kinds %.3f, tax %.3f +- %.3f, trained %6.0f, "
                  "moments %7.0f bytes, weights %7.0f bytes",
                  ways[k].name, learnt[k].right, learnt[k].old_right,
                  mean_of(learnt[k].tax), mean_error(learnt[k].tax), learnt[k].trained,
                  moment_bytes(&learnt[k]), learnt[k].base_bytes);
        lab_progress(lab, k + 1, WAYS);
    }
    if (lab_at_defaults(lab)) claim(lab, &s, learnt, &before);
    draw(lab, learnt, &before);
    adapt_close(&s.world);
}

const LabSpec lab_lora_tasks = {"lora-tasks", "5.12",
                                "Full fine-tuning beside adapters", run, options};
