// dpo: a policy from preferences, on the small problem with all of them, or an
// assistant from a file of pairs.
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include "ch05_sft_rlhf/assistant.h"
#include "ch05_sft_rlhf/commands/adapters.h"
#include "ch05_sft_rlhf/commands/commands.h"
#include "ch05_sft_rlhf/commands/enumerate.h"
#include "ch05_sft_rlhf/commands/watch.h"
#include "ch05_sft_rlhf/dpo.h"
#include "ch05_sft_rlhf/policy.h"
#include "ch05_sft_rlhf/preference_population.h"
#include "ch05_sft_rlhf/preferences.h"
#include "common/numeric/small.h"

const Option dpo_options[] = {
    ENUMERATE_OPTIONS,
    {"checkpoint", NULL, "the assistant to begin with, of stage sft: the reference"},
    {"data", NULL, "preferences: columns prompt, chosen, rejected; or JSON Lines"},
    {"output", NULL, "the assistant to write", .letter = 'o'},
    {"steps", NULL,
     "of gradient descent, usually 500 or one pass; 0: prints the first loss"},
    {"batch", "32", "pairs per step"},
    {"rate", "0", "the learning rate; 0: 3e-3 with --enumerate, 3e-4"},
    {"loss", "dpo", "dpo, cdpo, ipo, hinge or orpo"},
    {"beta", "0.5", "of the loss; ipo: tau; orpo: kappa"},
    {"smoothing", "0", "cdpo: the share of wrong labels"},
    ADAPTER_OPTIONS,
    {"log", NULL, "a table of every step: FILE.tsv"},
    {"seed", "1", "of the order, and of the small problem"},
    {0}};

static PreferenceSettings settings_of(const Args *args) {
    return (PreferenceSettings){
        (PreferenceKind)option_choice(args, "loss", preference_names()),
        option_real(args, "beta", 1e-6, 1e6), option_real(args, "smoothing", 0, 0.499)};
}

static long long steps_of(const Args *args, long long usual) {
    return option_text(args, "steps") ? option_int(args, "steps", 0, 100000000) : usual;
}

static double rate_of(const Args *args, double usual) {
    double given = option_real(args, "rate", 0, 10);
    return given > 0 ? given : usual;
}

// ---- the small problem

// The policy as last measured; orpo's rewards are no log-ratios.
static double margin_of(const Enumerated *x, const PreferencePopulation *p) {
    double sum = 0;
    for (size_t i = 0; i < p->count; i++) {
        int chosen = p->pairs[i].chosen, rejected = p->pairs[i].rejected;
        sum += p->pairs[i].weight
               * (x->log_p[chosen] - x->log_ref[chosen] - x->log_p[rejected]
                  + x->log_ref[rejected]);
    }
    return preference_kinds[p->settings.kind].reference ? p->settings.beta * sum : NAN;
}

static int enumerated(const Args *args) {
    static Enumerated x;
    PreferenceSettings s = settings_of(args);
    long long steps = steps_of(args, 500);
    double rate = rate_of(args, 3e-3);
    enumerate_open(&x, args);
    PreferencePopulation population = preference_population(&x, s);
    Descent d = descent_new(&x, (Schedule){rate, rate / 100, 0, steps > 0 ? steps : 1});
    StepLog log = step_log_open(args, true);
    for (long long k = 1; k <= steps; k++) {
        PpoStep at = enumerate_figures(&x);
        step_log_write(&log, k, &at, enumerated_measure(&x, s.beta).total_variation,
                       margin_of(&x, &population));
        descent_step(&d, preference_population_loss, &population);
    }
    Node *loss = preference_population_loss(d.tape, &x, &population);
    enumerate_print(&x, s.beta, (double)*loss->value.at);
    step_log_close(&log);
    descent_free(&d), preference_population_free(&population), enumerated_free(&x);
    return 0;
}

// ---- an assistant

typedef struct {
    Assistant assistant;
    Adapters adapters;
    Model *policy;  // the assistant's, or that of adapters beside it
    Model reference;
    Preferences pairs;
    int *order;
    const Exchange **chosen, **rejected;  // of a batch
    Rng rng;
} Job;

static void job_open(Job *j, const Args *args, int batch) {
    Error err;
    Examples all;
    if (!assistant_load_stage(&j->assistant, option_text(args, "checkpoint"),
                              stages_that_answer, &err)
        || !examples_read(&all, option_text(args, "data"), &err)
        || !preferences_of(&j->pairs, &j->assistant.chat, &all,
                           j->assistant.model.config.context, 0, 0, &err))
        die("%s", err.text);
    examples_free(&all);
    j->policy = adapters_open(&j->adapters, args, "dpo", &j->assistant.model);
    params_allocate_grads(&j->policy->params);
    policy_copy(&j->reference, &j->assistant.model);
    j->order = allocate((size_t)j->pairs.count, sizeof *j->order);
    for (int i = 0; i < j->pairs.count; i++) j->order[i] = i;
    j->chosen = allocate((size_t)batch, sizeof *j->chosen);
    j->rejected = allocate((size_t)batch, sizeof *j->rejected);
    j->rng = rng_new((uint64_t)option_int(args, "seed", 0, LONG_MAX));
}

static void job_close(Job *j) {
    free(j->order), free(j->chosen), free(j->rejected);
    preferences_free(&j->pairs), model_free(&j->reference);
    adapters_close(&j->adapters), assistant_free(&j->assistant);
}

// The pairs of step k, in a new order after each pass.
static DpoBatch batch_of(Job *j, const Dpo *d, long long k, int batch) {
    int per_pass = ceil_div(j->pairs.count, batch), first = (int)(k % per_pass) * batch,
        n = int_min(batch, j->pairs.count - first);
    if (first == 0 && k > 0) rng_shuffle(&j->rng, j->order, j->pairs.count);
    for (int i = 0; i < n; i++) {
        const RewardPair *p = &j->pairs.pairs[j->order[first + i]];
        j->chosen[i] = p->chosen, j->rejected[i] = p->rejected;
    }
    return dpo_batch(d, j->chosen, j->rejected, n);
}

// Of all pairs, before any step.
static double first_loss(Job *j, const Dpo *d, int batch) {
    double sum = 0;
    for (int k = 0; k < ceil_div(j->pairs.count, batch); k++) {
        DpoBatch b = batch_of(j, d, k, batch);
        DpoStep at;
        dpo_loss(d->tape, d, &b, &at), tape_reset(d->tape);
        sum += at.loss * b.count;
        dpo_batch_free(&b);
    }
    return sum / j->pairs.count;
}

static void train(Job *j, Dpo *d, long long steps, int batch, double rate,
                  StepLog *log) {
    Schedule schedule = {rate, rate / 100, 0, steps};
    Watch w = watch_begin("dpo", NULL);
    DpoStep at = {0};
    for (long long k = 0; k < steps; k++) {
        DpoBatch b = batch_of(j, d, k, batch);
        at = dpo_step(d, &b, schedule_rate(&schedule, k + 1));
        dpo_batch_free(&b);
        if (!isfinite(at.loss))
            die("dpo: step %lld: the loss is %g: a smaller --rate?", k + 1, at.loss);
        // nothing is drawn from the policy: of its own figures there is none
        PpoStep none = {NAN, NAN, NAN, NAN, NAN, NAN, NAN};
        step_log_write(log, k + 1, &none, NAN, at.margin);
        watch_step(&w, k + 1, steps, at.loss);
    }
    fprintf(stderr,
            "dpo: %lld steps, last loss %.4f, margin %.3f, %.0f %% ranked rightly\n",
            steps, at.loss, at.margin, 100 * at.accuracy);
}

static int assistant(const Args *args) {
    static Job j;
    Error err;
    const char *to = NULL;
    int batch = (int)option_int(args, "batch", 1, 1 << 16);
    PreferenceSettings s = settings_of(args);
    double rate = rate_of(args, 3e-4);
    bool looks = steps_of(args, 1) == 0;
    if (!option_text(args, "data")) die("dpo: --data FILE is needed: preferences");
    if (!looks || option_text(args, "output"))
        to = output_of(args, "dpo", "the assistant",
                       (const char *[]){"checkpoint", "data", NULL});
    job_open(&j, args, batch);
    long long steps = steps_of(args, ceil_div(j.pairs.count, batch));
    Dpo d = dpo_new(j.policy, &j.reference, s,
                    (OptimiserSettings){.kind = OPTIMISER_ADAM, .beta2 = 0.99});
    StepLog log = step_log_open(args, true);
    Text made = {0};
    text_add(&made,
             "dpo --loss %s --beta %g --steps %lld --batch %d --rate %g from %016llx",
             option_text(args, "loss"), s.beta, steps, batch, rate,
             (unsigned long long)assistant_hash(&j.assistant.model));
    if (looks) printf("loss %.9g\n", first_loss(&j, &d, batch));
    else train(&j, &d, steps, batch, rate, &log);
    if (to && !adapters_save(to, &j.adapters, &j.assistant, STAGE_DPO, made.data, &err))
        die("%s", err.text);
    step_log_close(&log), free(made.data);
    dpo_free(&d), job_close(&j);
    return 0;
}

int command_dpo(const Args *args) {
    if (args->file_count) die("dpo: unexpected '%s'", args->files[0]);
    if (option_flag(args, "enumerate")) {
        enumerate_alone(args, (const char *[]){"checkpoint", "data", "output", "lora",
                                               "alpha", NULL});
        return enumerated(args);
    }
    if (!option_text(args, "checkpoint"))
        die("dpo: --checkpoint FILE is needed, or --enumerate");
    return assistant(args);
}
