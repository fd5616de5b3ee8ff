// Speed of training as `train` does it, against the bare step and the machine's peak,
// and of writing with the model (sampling.h).
//
// The bare step is forward, backward, clipping and AdamW on a batch that is there
// already; the trainer's step makes its batch from the data, too. A run also looks at
// held-out text and prints samples: their cost is measured, and spread over a run of ten
// minutes. "Of peak" counts the multiply-adds of products that the formulas need. Other
// programs share the machine: steps of both kinds take turns.
#include <math.h>
#include <stdio.h>

#include "ch03_transformer/clip.h"
#include "ch04_pretrain/bench/sampling.h"
#include "ch04_pretrain/evaluate.h"
#include "ch04_pretrain/plan.h"
#include "common/numeric/bench_table.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"

// The model that `train` makes of so much text: 4096 tokens, 4 layers, 128 channels.
enum { TEXT = 8 << 20, VOCABULARY = 4096, TOKENS = 1 << 18, DOCUMENT = 400 };
enum { STEPS = 24, WARM = 2 };
// What a run does beside its steps (commands/progress.c).
enum { VALIDATIONS = 40, VALIDATION_ROWS = 64, MINUTES = 10 };

// Small ids are more frequent, as in text.
static Corpus random_corpus(void) {
    Rng rng = rng_new(1);
    Corpus c = {.ids = allocate(TOKENS, sizeof(int)),
                .count = TOKENS,
                .documents = TOKENS / DOCUMENT,
                .end = VOCABULARY - 1};
    for (int i = 0; i < TOKENS; i++) {
        double u = rng_uniform(&rng);
        c.ids[i] = i % DOCUMENT ? (int)(u * u * (VOCABULARY - 1)) : c.end;
    }
    return c;
}

typedef struct {
    Plan plan;
    Corpus corpus;
    Data data;
    Model model;
    Trainer trainer;
    double flops;  // of the last bare step
} Bench;

static void bench_new(Bench *b, ObjectiveKind kind) {
    Error err;
    Rng rng = rng_new(1);
    *b = (Bench){.plan = {.data = "",
                          .objective = kind,
                          .batch = 8,
                          .accumulate = 1,
                          .steps = 10000,
                          .rate = 3e-3,
                          .warmup = 0.02,
                          .decay = 0.1,
                          .clip = 1,
                          .seed = 1}};
    plan_complete(&b->plan, TEXT);
    b->corpus = random_corpus();
    b->data = data_of_corpus(&b->corpus, VOCABULARY, (int)b->plan.context, 1);
    Config c = plan_config(&b->plan, VOCABULARY);
    if (!model_new(&b->model, &c, &err)) die("%s", err.text);
    model_allocate(&b->model, &rng);
    params_allocate_grads(&b->model.params);
    b->trainer = trainer_new(&b->model, &b->data, plan_settings(&b->plan),
                             (ObjectiveSettings){.kind = kind, .rng = rng_new(1)});
}

static void bench_free(Bench *b) {
    trainer_free(&b->trainer), model_free(&b->model);
    data_free(&b->data), corpus_free(&b->corpus);
}

// On the trainer's last batch.
static void bare_step(Bench *b) {
    Trainer *t = &b->trainer;
    Params *p = &b->model.params;
    tape_backward(t->tape, objective_loss(t->tape, &b->model, &t->parts[0]));
    TapeCounts counts = tape_counts(t->tape);
    b->flops = counts.flops_forward + counts.flops_backward;
    tape_reset(t->tape);
    params_clip(p, b->plan.clip);
    optimiser_step(&t->optimiser, p, b->plan.rate / 10);
    params_zero_grads(p);
}

static double seconds_of(void (*step)(Bench *b), Bench *b) {
    double start = now_seconds();
    step(b);
    return now_seconds() - start;
}

static void trainer_steps(Bench *b) { trainer_step(&b->trainer); }

static void validate(Bench *b) {
    Evaluation e =
        evaluate(&b->model, &b->data, &b->trainer.objective, 0, VALIDATION_ROWS, 16);
    evaluation_free(&e);
}

// Of a table's line, where it is of this many tokens per second.
static BenchRow row_of(const Bench *b, const char *work, const Runs *runs) {
    const double tokens = (double)(b->plan.batch * b->plan.context);
    return (BenchRow){.work = work,
                      .threads = threads_count(),
                      .amount = tokens,
                      .unit = "tokens/s",
                      .ours = runs};
}

static void print_details(Bench *b, const Runs *whole) {
    const double validation = fmin(seconds_of(validate, b), seconds_of(validate, b)),
                 tokens = (double)(b->plan.batch * b->plan.context);
    printf(
        "%s: %.2f M weights, %.2f MFLOP per token; median step of the trainer %.0f "
        "tokens/s; validation takes %.1f %% of %d minutes\n",
        objectives[b->plan.objective].name, 1e-6 * (double)b->model.params.size,
        1e-6 * b->flops / tokens, tokens / runs_median(whole),
        100 * VALIDATIONS * validation / (60 * MINUTES), MINUTES);
}

static void measure(Bench *b, Runs *bare, Runs *whole) {
    double peak = 0;
    for (int i = -WARM; i < STEPS; i++) {
        const double trainer = seconds_of(trainer_steps, b),
                     step = seconds_of(bare_step, b);
        if (i >= 0) runs_add(whole, trainer), runs_add(bare, step);
        if (i % 10 == 0) peak = fmax(peak, fma_peak_gflops_of(threads_count()));
    }
    char work[64];
    const char *name = objectives[b->plan.objective].name;
    snprintf(work, sizeof work, "%s, the bare step", name);
    BenchRow row = row_of(b, work, bare);
    row.limit_name = "peak", row.limit = 1e9 * peak * row.amount / b->flops;
    bench_row(&row);
    snprintf(work, sizeof work, "%s, the trainer's step", name);
    row = row_of(b, work, whole);
    row.limit_name = "bare", row.limit = row.amount / runs_best(bare);
    bench_row(&row);
}

int main(int argc, char **argv) {
    static Bench b[2];
    static Runs whole[2];
    static const ObjectiveKind kinds[] = {OBJECTIVE_MLM, OBJECTIVE_CLM};
    const bool details = bench_begin(argc, argv);
    for (int k = 0; k < 2; k++) {
        Runs bare = {0};
        bench_new(&b[k], kinds[k]);
        measure(&b[k], &bare, &whole[k]);
        if (kinds[k] == OBJECTIVE_CLM) bench_sampling(&b[k].model, b[k].corpus.end);
    }
    if (details) printf("\n");
    for (int k = 0; k < 2; k++) {
        if (details) print_details(&b[k], &whole[k]);
        bench_free(&b[k]);
    }
    return 0;
}
