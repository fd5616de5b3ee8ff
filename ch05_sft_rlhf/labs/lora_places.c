// Where adapters should be, for a given number of numbers. Lecture, section 5.12.
//
// A rank of 60 beside the queries alone, or of 6 beside all seven layers of a block, or
// something between: always 7680 numbers per block. All are taught the same new kinds
// of question, by the same batches.
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch04_pretrain/objective.h"
#include "ch05_sft_rlhf/labs/adapt.h"
#include "ch05_sft_rlhf/lora.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

static const Option options[] = {{"steps", "30", "of training, each way"},
                                 {"rate", "1e-2", "the highest learning rate"},
                                 {"checkpoint", "", "another fine-tuned model"},
                                 {0}};

static const TaskKind kinds[] = {TASK_SWAP_TOY, TASK_LAST, TASK_KINDS};

#define PLACE(name) (1u << LORA_##name)
typedef struct {
    const char *name;
    unsigned places;
    int rank;
} Choice;
enum { QUERY_ALONE, QUERY_VALUE, ATTENTION, FEED_FORWARD, EVERYWHERE, CHOICES };
static const Choice choices[] = {
    [QUERY_ALONE] = {"query", PLACE(QUERY), 60},
    [QUERY_VALUE] = {"query, value", PLACE(QUERY) | PLACE(VALUE), 30},
    [ATTENTION] = {"attention", PLACE(QUERY) | PLACE(KEY) | PLACE(VALUE) | PLACE(OUT),
                   15},
    [FEED_FORWARD] = {"feed-forward", PLACE(UP) | PLACE(DOWN) | PLACE(GATE), 10},
    [EVERYWHERE] = {"everywhere", LORA_ALL, 6}};
_Static_assert(sizeof choices / sizeof *choices == CHOICES, "a choice without a line");

// Nats per token of right answers to held-out questions: one number per batch of 8
// rows.
static Mean held_out_loss(const AdaptWorld *w, const Model *m, const StagePlan *plan) {
    enum { BATCHES = 32 };
    Mean loss = {0};
    SftData d = adapt_data(w, plan, kinds);
    d.from.held_out = true;
    Batch b = sft_batch_new(&d, plan->batch);
    Tape *t = tape_new((Params *)&m->params);
    for (int i = 0; i < BATCHES; i++) {
        sft_fill(&b, &d, (long long)i * plan->batch);
        mean_add(&loss, (double)*objective_loss(t, m, &b)->value.at);
        tape_reset(t);
    }
    batch_free(&b), tape_free(t);
    return loss;
}

static Mean teach(const AdaptWorld *w, const StagePlan *plan, const Choice *c, Rng rng,
                  long long *trained) {
    static Lora l;
    Error err;
    if (!lora_new(&l, &w->sft.model,
                  (LoraSettings){.rank = c->rank, .places = c->places}, &rng, &err))
        die("lora-places: %s", err.text);
    SftData d = adapt_data(w, plan, kinds);
    if (!stage_sft(&l.model, &d, plan, NULL, NULL, &err)) die("%s", err.text);
    Mean loss = held_out_loss(w, &l.model, plan);
    *trained = (long long)l.model.params.grad_size;
    lora_free(&l);
    return loss;
}

static void draw(Lab *lab, const Mean *loss, double before) {
    Plot *p = plot_new(lab, "lora_places", "choice loss error before");
    char tics[256] = "xtics (";
    for (int k = 0; k < CHOICES; k++) {
        plot_row(p, k, mean_of(loss[k]), mean_error(loss[k]), before);
        snprintf(tics + strlen(tics), sizeof tics - strlen(tics), "%s\"%s\" %d",
                 k ? ", " : "", choices[k].name, k);
    }
    plot_set(p, "%s)", tics);
    plot_set(p, "xrange [-0.5:%g]", CHOICES - 0.5), plot_set(p, "yrange [0:*]");
    plot_axes(p, "", "held-out loss of new answers, nats per token");
    plot_dashes(p, "choice", "before", "before");
    plot_errors(p, "choice", "loss", "error", "with 7680 numbers per block");
    plot_end(p);
}

static void run(Lab *lab) {
    static AdaptWorld w;
    Mean loss[CHOICES];
    StagePlan plan = stage_plan_usual;
    adapt_open(&w, option_text(&lab->args, "checkpoint"));
    plan.seed = lab->seed, plan.batch = 8, plan.time = 96;
    plan.sft_steps = option_int(&lab->args, "steps", 1, 1000000);
    plan.rate = option_real(&lab->args, "rate", 1e-6, 1);
    double before = mean_of(held_out_loss(&w, &w.sft.model, &plan));
    lab_print(lab, "%-13s loss %.3f", "before", before);
    for (int k = 0; k < CHOICES; k++) {
        long long trained;
        loss[k] = teach(&w, &plan, &choices[k], rng_split(&lab->rng, 0), &trained);
        lab_print(lab, "%-13s loss %.3f +- %.3f, rank %d, %lld numbers",
                  choices[k].name, mean_of(loss[k]), mean_error(loss[k]),
                  choices[k].rank, trained);
        if (!option_text(&lab->args, "checkpoint")[0])
            claim_equal(lab, "5.108", choices[k].name, 3 * 7680, trained);
        lab_progress(lab, k + 1, CHOICES);
    }
    if (lab_at_defaults(lab))
        // the same batches; three standard errors over those that are held out
        claim_at_least(
            lab, "5.109", "loss: feed-forward layers less query and value",
            3 * hypot(mean_error(loss[FEED_FORWARD]), mean_error(loss[QUERY_VALUE])),
            mean_of(loss[FEED_FORWARD]) - mean_of(loss[QUERY_VALUE]));
    draw(lab, loss, before);
    adapt_close(&w);
}

const LabSpec lab_lora_places = {"lora-places", "5.12", "Where adapters should be", run,
                                 options};
