// train: a model of one's own, from any text file.
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "ch03_transformer/tokenizer_notes.h"
#include "ch04_pretrain/commands/commands.h"
#include "ch04_pretrain/commands/progress.h"
#include "ch04_pretrain/language_notes.h"
#include "ch04_pretrain/run.h"
#include "ch04_pretrain/team_mpi.h"
#include "ch04_pretrain/trainer_file.h"
#include "common/numeric/timing.h"
#include "common/program/file.h"
#include "common/program/text.h"

enum { TRIED_STEPS = 99 };
static const double TRIED_SECONDS = 2;

// ---- interrupts: the first one ends the run after this step, the second at once

static volatile sig_atomic_t interrupted;

static void interrupt(int number) {
    interrupted = number;
    signal(number, SIG_DFL);
}

// ---- beginning

static int by_value(const void *a, const void *b) {
    return (*(const double *)a > *(const double *)b)
           - (*(const double *)a < *(const double *)b);
}

// The median, since first steps allocate and warm up, and other programs slow some down.
static double seconds_per_step(Run *run) {
    double each[TRIED_STEPS], begin = now_seconds(), last = begin;
    int n = 0;
    while (n < TRIED_STEPS
           && (n < 3 || team_from_first(run->team, last < begin + TRIED_SECONDS))) {
        trainer_step(&run->trainer);
        double now = now_seconds();
        each[n++] = now - last, last = now;
    }
    qsort(each, (size_t)n, sizeof *each, by_value);
    return team_from_first(run->team, each[n / 2]);
}

// How many steps there are in these minutes, of which a twentieth goes to looking at
// held-out text, samples and files.
static long long steps_in(Run *run, double minutes) {
    run_set_steps(run, 1000000);
    double each = seconds_per_step(run);
    run_restart(run);
    long long steps = (long long)(60 * minutes * 0.95 / each);
    return steps < 10 ? 10 : steps;
}

static char *path_of_state(const char *output) {
    size_t size = strlen(output) + sizeof ".state";
    char *path = allocate(size, 1);
    snprintf(path, size, "%s.state", output);
    return path;
}

static int blocks_of(const Args *args) {
    return (int)option_int(args, "recompute", 0, 1 << 20);
}

// Everyone in a team says what it is about to do, and joins if all say the same.
static void join(Run *run, Team *team, const Args *args) {
    int zero = (int)option_int(args, "zero", 0, SHARD_STAGES - 1);
    int count = team_count(team);
    Text work = {0};
    char value[PLAN_TEXT];
    if (run->plan.batch < count)
        die("--batch %lld: expected at least %d, a row for each process",
            run->plan.batch, count);
    if (zero && plan_settings(&run->plan).loss_scale)
        die("--zero %d: not with a loss scale, which looks at the whole gradient",
            zero);
    for (int i = 0; i < plan_fields(); i++) {
        const char *key = plan_note(value, &run->plan, i) + strlen("plan.");
        text_add(&work, "--%s %s\n", key, value);
    }
    text_add(&work, "--zero %d\n--resume %d\n--minutes %s\n", zero,
             option_flag(args, "resume"), option_text(args, "minutes"));
    team_mpi_agree(team, work.data);
    free(work.data);
    run_begin(run, team, zero);
}

static void begin(Run *run, Team *team, const Args *args) {
    Plan plan;
    Error err;
    plan_of_args(&plan, args);
    if (!plan.data) die("train: --data FILE is needed: the text to train on");
    if (!run_open(run, &plan, &err)) die("%s", err.text);
    join(run, team, args);
    run_recompute(run, blocks_of(args));
    if (!plan.steps)
        run_set_steps(run, steps_in(run, option_real(args, "minutes", 0.01, 1e6)));
}

// The plan that is read owns its texts, and the run uses them: it must outlive it.
static void resume(Run *run, Plan *plan, Team *team, const Args *args,
                   const char *state) {
    Error err;
    if (access(state, F_OK) != 0)
        die("%s: no such file; --resume goes on with a run that wrote it", state);
    if (!trainer_load_plan(state, plan, &err)) die("%s", err.text);
    if (!plan_goes_on(plan, args, &err)) die("%s", err.text);
    if (!run_open(run, plan, &err)) die("%s", err.text);
    if (run->plan.text_hash != plan->text_hash)
        die("--resume: %s: the text is not the one that %s was begun with", plan->data,
            state);
    join(run, team, args);
    run_recompute(run, blocks_of(args));
    if (!trainer_load(state, &run->trainer, &err)) die("%s", err.text);
    printf("resumed at step %lld of %lld\n", run->trainer.step, plan->steps);
}

// ---- the loop

typedef struct {
    Run run;
    Plan begun;  // of the run that is resumed
    const char *output;
    char *state;
    double save_every, last_saved;  // seconds
    bool saved;                     // by this process, or by the one it resumes
    bool stopped;                   // interrupted, some process of the team
    double memory;                  // bytes at most, before it was first saved
    long long sent;                 // bytes, to others, by steps
    Progress progress;
} Training;

// Where all of a team end, the first one says why.
static void leave(const Training *t) {
    team_mpi_end(t->run.team);
    if (team_rank(t->run.team)) exit(2);
}

static bool save_model(const Training *t, Error *err) {
    const Run *run = &t->run;
    if (!run->language.kind)
        return model_save_with_tokenizer(t->output, &run->model, &run->tokenizer, err);
    return model_save_with_language(t->output, &run->model, &run->language, err);
}

static _Noreturn void end_without_saving(const Training *t, const char *what,
                                         double value) {
    char kept[2 * PATH_MAX + 64] = "nothing was saved yet";
    leave(t);
    if (t->saved)
        snprintf(kept, sizeof kept, "%s and %s are as they were last saved", t->output,
                 t->state);
    die("step %lld: the %s is %g; %s: a smaller --rate?", t->run.trainer.step, what,
        value, kept);
}

// The step's own loss was that of the weights before it. Those after it may be useless
// already: what is saved has been tried on held-out text.
static double held_out_loss(Training *t) {
    double loss = 0;
    if (!team_rank(t->run.team)) {
        Evaluation e = run_validate(&t->run, 1);
        loss = evaluation_loss(&e);
        evaluation_free(&e);
    }
    return team_from_first(t->run.team, loss);
}

// All that this process has held at one time, says the system.
static double memory_most(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
#ifdef __APPLE__
    return (double)used.ru_maxrss;  // bytes
#else
    return 1024 * (double)used.ru_maxrss;
#endif
}

static void save(Training *t) {
    Error err;
    if (!t->saved) t->memory = memory_most();  // the first process collects all moments
    Team *team = t->run.team;
    double loss = held_out_loss(t);
    if (!isfinite(loss)) end_without_saving(t, "held-out loss", loss);
    bool saved = trainer_save(t->state, &t->run.trainer, &t->run.plan, &err);
    if (saved) saved = !team_any(team, !team_rank(team) && !save_model(t, &err));
    if (!saved) {
        leave(t);
        die("%s; what was saved before is still there", err.text);
    }
    t->last_saved = now_seconds();
    t->saved = true;
}

// A gradient that overflowed its scale is part of fp16's life; a loss never is.
static void check_finite(const Training *t, const StepResult *r) {
    if (!isfinite(r->loss)) end_without_saving(t, "loss", r->loss);
    if (!isfinite(r->grad_norm) && !r->overflowed)
        end_without_saving(t, "gradient", r->grad_norm);
}

static bool is_last(const Training *t) {
    return t->run.trainer.step >= t->run.plan.steps || t->stopped;
}

// An interrupt of one ends all; when to save is the first one's decision.
static bool look_round(Training *t) {
    Team *team = t->run.team;
    bool due = now_seconds() - t->last_saved >= t->save_every;
    double said[] = {interrupted, team_rank(team) ? 0 : due};
    team_sum_doubles(team, said, 2);
    t->stopped = said[0] > 0;
    return said[1] > 0;
}

static void loop(Training *t) {
    look_round(t);
    if (is_last(t)) save(t);  // resumed at its end: the model may be from before it
    while (!is_last(t)) {
        long long before = t->run.team ? t->run.team->sent : 0;
        StepResult r = trainer_step(&t->run.trainer);
        if (t->run.team) t->sent += t->run.team->sent - before;
        check_finite(t, &r);
        bool due = look_round(t);
        if (!team_rank(t->run.team))
            progress_step(&t->progress, &t->run, &r, is_last(t));
        if (due || is_last(t)) save(t);
    }
}

// What cannot be written is found now, and not after hours of training.
static void open_outputs(Training *t, const Args *args) {
    Error err;
    const char *data = option_text(args, "data");
    t->output = option_text(args, "output");
    if (!t->output) die("train: -o FILE is needed: where the model goes");
    t->state = path_of_state(t->output);
    if (data && same_file(data, t->output))
        die("%s: expected a file for the model, not the text it is trained on",
            t->output);
    if (strcmp(t->output, "-") == 0) die("train: -o: expected the name of a file");
    if (!output_check(t->output, &err) || !output_check(t->state, &err))
        die("%s", err.text);
}

// What a team's processes had to hold and to send.
static void print_team(Training *t) {
    Team *team = t->run.team;
    const Trainer *trainer = &t->run.trainer;
    const double MB = 1e6, each = sizeof(real) / MB;
    size_t size = t->run.model.params.size;
    double most = t->memory ? t->memory : memory_most();
    if (!team) return;
    team_sum_doubles(team, &most, 1);
    printf(
        "%d processes, ZeRO stage %d: parameters %.2f MB, gradients %.2f MB, moments "
        "%.2f MB in each; %.1f MB of memory on average; %.1f MB sent by each per "
        "step\n",
        team->count, t->run.zero, each * (double)size,
        each * (double)(trainer->shard ? trainer->shard->most : size),
        2 * each * (double)trainer->optimiser.size, most / team->count / MB,
        (double)t->sent / (double)trainer->step / MB);
}

int command_train(const Args *args) {
    static Training t;
    Error err;
    if (args->file_count)
        die("train: unexpected '%s'; the text is given as --data FILE", args->files[0]);
    Team *team = team_mpi_begin();
    open_outputs(&t, args);
    t.save_every = option_real(args, "save-every", 0, 1e9);
    t.last_saved = now_seconds();
    t.saved = option_flag(args, "resume");
    if (t.saved) resume(&t.run, &t.begun, team, args, t.state);
    else begin(&t.run, team, args);
    signal(SIGINT, interrupt), signal(SIGTERM, interrupt);
    bool first = !team_rank(team);
    if (first && !progress_begin(&t.progress, &t.run, args, &err)) die("%s", err.text);
    loop(&t);
    if (first) progress_end(&t.progress, &t.run);
    print_team(&t);
    team_mpi_end(team);
    if (t.stopped)
        printf(
            "interrupted at step %lld of %lld; to go on: the same command with "
            "--resume\n",
            t.run.trainer.step, t.run.plan.steps);
    run_free(&t.run), plan_free(&t.begun), free(t.state);
    return t.stopped ? 1 : 0;
}

const Option train_options[] = {
    {"output", NULL, "the model to write; its state for --resume goes beside it",
     .letter = 'o'},
    {"minutes", "10", "how long to train, where --steps does not say"},
    {"resume", OPTION_FLAG, "go on where the run that wrote -o was ended"},
    {"save-every", "30", "seconds between two saved states"},
    {"recompute", "0",
     "keep the input of every so many blocks alone, and compute their inside again: "
     "less "
     "memory, the same bits; 0: keep all"},
    {"zero", "0",
     "under mpirun each process keeps alone, of its part, 1: the moments, 2: the "
     "gradients as well"},
    {"log", NULL, "a table of every step: FILE.tsv"},
    PLAN_FIELDS(PLAN_OPTION){0}};
