// train: a model of one's own, from any text file.
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ch04_pretrain/commands/commands.h"
#include "ch04_pretrain/commands/progress.h"
#include "ch04_pretrain/pretrained.h"
#include "ch04_pretrain/run.h"
#include "ch04_pretrain/trainer_file.h"
#include "common/numeric/timing.h"
#include "common/program/file.h"

enum { PROBE_STEPS = 4 };

// ---- interrupts: the first one ends the run after this step, the second at once

static volatile sig_atomic_t interrupted;

static void interrupt(int number) {
    interrupted = number;
    signal(number, SIG_DFL);
}

// ---- beginning

// The time that a step takes, and so how many there are in these minutes.
static long long steps_in(Run *run, double minutes) {
    run_set_steps(run, 1000000);
    trainer_step(&run->trainer);  // the first one allocates
    double start = now_seconds();
    for (int i = 0; i < PROBE_STEPS; i++) trainer_step(&run->trainer);
    double each = (now_seconds() - start) / PROBE_STEPS;
    run_restart(run);
    long long steps = (long long)(60 * minutes / each);
    return steps < 10 ? 10 : steps;
}

static char *path_of_state(const char *output) {
    size_t size = strlen(output) + sizeof ".state";
    char *path = allocate(size, 1);
    snprintf(path, size, "%s.state", output);
    return path;
}

static void begin(Run *run, const Args *args) {
    Plan plan;
    Error err;
    plan_of_args(&plan, args);
    if (!plan.data) die("train: --data FILE is needed: the text to train on");
    if (!run_open(run, &plan, &err)) die("%s", err.text);
    if (!plan.steps)
        run_set_steps(run, steps_in(run, option_real(args, "minutes", 0.01, 1e6)));
}

static void resume(Run *run, const Args *args, const char *state) {
    Plan plan;
    Error err;
    if (!trainer_load_plan(state, &plan, &err)) die("%s", err.text);
    if (!plan_goes_on(&plan, args, &err)) die("%s", err.text);
    if (!run_open(run, &plan, &err)) die("%s", err.text);
    if (run->plan.text_hash != plan.text_hash)
        die("--resume: %s: the text is not the one that %s was begun with", plan.data,
            state);
    if (!trainer_load(state, &run->trainer, &err)) die("%s", err.text);
    printf("resumed at step %lld of %lld\n", run->trainer.step, plan.steps);
}

// ---- the loop

typedef struct {
    Run run;
    const char *output;
    char *state;
    double save_every, last_saved;  // seconds
    Progress progress;
} Training;

static void save(Training *t) {
    Error err;
    if (!trainer_save(t->state, &t->run.trainer, &t->run.plan, &err)
        || !model_save_with_tokenizer(t->output, &t->run.model, &t->run.tokenizer,
                                      &err))
        die("%s; what was saved before is still there", err.text);
    t->last_saved = now_seconds();
}

static void check_finite(const Training *t, const StepResult *r) {
    if (isfinite(r->loss) && isfinite(r->grad_norm)) return;
    die("step %lld: the %s is %g; %s and %s are as they were last saved: a smaller "
        "--rate?",
        t->run.trainer.step, isfinite(r->loss) ? "gradient" : "loss",
        isfinite(r->loss) ? r->grad_norm : r->loss, t->output, t->state);
}

static bool is_last(const Training *t) {
    return t->run.trainer.step >= t->run.plan.steps || interrupted;
}

static void loop(Training *t) {
    while (!is_last(t)) {
        StepResult r = trainer_step(&t->run.trainer);
        check_finite(t, &r);
        progress_step(&t->progress, &t->run, &r, is_last(t));
        if (now_seconds() - t->last_saved >= t->save_every || is_last(t)) save(t);
    }
}

int command_train(const Args *args) {
    static Training t;
    Error err;
    if (args->file_count) die("train: unexpected '%s'; --data FILE", args->files[0]);
    t.output = option_text(args, "output");
    if (!t.output) die("train: -o FILE is needed: where the model goes");
    t.state = path_of_state(t.output);
    t.save_every = option_real(args, "save-every", 0, 1e9);
    t.last_saved = now_seconds();
    if (option_flag(args, "resume")) resume(&t.run, args, t.state);
    else begin(&t.run, args);
    signal(SIGINT, interrupt), signal(SIGTERM, interrupt);
    if (!progress_begin(&t.progress, &t.run, args, &err)) die("%s", err.text);
    loop(&t);
    progress_end(&t.progress, &t.run);
    if (interrupted)
        printf(
            "interrupted at step %lld of %lld; to go on: the same command with "
            "--resume\n",
            t.run.trainer.step, t.run.plan.steps);
    run_free(&t.run), free(t.state);
    return interrupted ? 1 : 0;
}

const Option train_options[] = {
    {"output", NULL, "the model to write; its state for --resume goes beside it",
     .letter = 'o'},
    {"minutes", "10", "how long to train, where --steps does not say"},
    {"resume", OPTION_FLAG, "go on where the run that wrote -o was ended"},
    {"save-every", "30", "seconds between two saved states"},
    {"log", NULL, "a table of every step: FILE.tsv"},
    PLAN_FIELDS(PLAN_OPTION){0}};
