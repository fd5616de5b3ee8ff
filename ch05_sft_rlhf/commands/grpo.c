// grpo: a policy improved by groups of its own answers, each right or wrong.
#include "ch05_sft_rlhf/grpo.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch03_transformer/schedule.h"
#include "ch05_sft_rlhf/commands/adapters.h"
#include "ch05_sft_rlhf/commands/commands.h"
#include "ch05_sft_rlhf/commands/own_questions.h"
#include "ch05_sft_rlhf/commands/watch.h"
#include "ch05_sft_rlhf/learner.h"
#include "ch05_sft_rlhf/policy.h"

const Option grpo_options[] = {
    {"checkpoint", NULL, "the assistant to begin with, of stage sft, ppo, dpo or grpo"},
    QUESTION_OPTIONS,
    {"output", NULL, "what was learnt", .letter = 'o'},
    {"steps", "50", "batches of answers"},
    {"prompts", "16", "of each batch"},
    {"group", "8", "answers to each prompt, at least 2"},
    {"advantages", "deviation", "mean, deviation, bessel or others"},
    {"beta", "0", "of the KL term, in the loss"},
    {"clip", "0.2", "of the ratio; a large one: none"},
    {"epochs", "1", "over each batch"},
    {"minibatches", "1", "of a batch"},
    {"rate", "1e-3", "the learning rate at the beginning"},
    ADAPTER_OPTIONS,
    {"log", NULL, "a table of every step: FILE.tsv"},
    {"seed", "1", "of everything"},
    {0}};

static GrpoSettings settings_of(const Args *args) {
    GrpoSettings s = grpo_defaults();
    s.prompts = (int)option_int(args, "prompts", 1, 100000);
    s.size = (int)option_int(args, "group", 2, 100000);
    s.advantages = (GroupKind)option_choice(args, "advantages", group_names());
    s.beta = option_real(args, "beta", 0, 1e6);
    s.clip = option_real(args, "clip", 1e-6, 1e30);
    s.epochs = (int)option_int(args, "epochs", 1, 1000);
    s.minibatches = (int)option_int(args, "minibatches", 1, 1000);
    return s;
}

static void write_step(FILE *log, long long step, const GrpoStep *at) {
    if (!log) return;
    if (step == 1)
        fprintf(log,
                "step\treward\tequal_groups\tkl\tentropy\tlength\tclip_fraction\n");
    fprintf(log, "%lld\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\t%.9g\n", step, at->reward,
            at->equal, at->kl, at->entropy, at->length, at->clip_fraction);
}

static void train(const Args *args, Model *m, const Model *reference,
                  const OwnQuestions *from, FILE *log) {
    GrpoSettings s = settings_of(args);
    long long steps = option_int(args, "steps", 1, 1000000);
    double rate = option_real(args, "rate", 1e-9, 10);
    Schedule schedule = {rate, rate / 100, 0, steps};
    Rng rng = rng_new((uint64_t)option_int(args, "seed", 0, LONG_MAX));
    Ppo p = grpo_new(m, reference, &s);
    Watch w = watch_begin("grpo", NULL);
    w.quantity = "reward";
    GrpoStep at = {0};
    for (long long k = 1; k <= steps; k++) {
        Error err;
        Rng own = rng_split(&rng, (uint64_t)k);
        Questions asked = own_questions(from, s.prompts, rng_split(&own, 0));
        if (!grpo_batch(&p, &s, &asked, from->chat, rng_split(&own, 1),
                        schedule_rate(&schedule, k), &at, &err))
            die("grpo: step %lld: %s", k, err.text);
        questions_free(&asked), write_step(log, k, &at);
        watch_step(&w, k, steps, at.reward);
    }
    fprintf(stderr, "grpo: last of %lld steps: right %.3f, KL %.3f, length %.1f\n",
            steps, at.reward, at.kl, at.length);
    ppo_free(&p);
}

int command_grpo(const Args *args) {
    static Assistant a;
    static Adapters adapters;
    static Model reference;
    Error err;
    const char *path = option_text(args, "checkpoint"),
               *log_path = option_text(args, "log");
    if (args->file_count) die("grpo: unexpected '%s'", args->files[0]);
    if (!path) die("grpo: --checkpoint FILE is needed: the assistant to begin with");
    settings_of(args);  // a bad value, before work
    const char *to = output_of(args, "grpo", "what was learnt",
                               (const char *[]){"checkpoint", "data", NULL});
    if (!assistant_load_stage(&a, path, stages_that_answer, &err)) die("%s", err.text);
    OwnQuestions from;
    Output log = {0};
    Text made = {0};
    own_questions_open(&from, args, &a, false);
    policy_copy(&reference, &a.model);
    text_add(&made, "grpo --steps %s --advantages %s --rate %s --seed %s from %016llx",
             option_text(args, "steps"), option_text(args, "advantages"),
             option_text(args, "rate"), option_text(args, "seed"),
             (unsigned long long)assistant_hash(&a.model));
    Model *m = adapters_open(&adapters, args, "grpo", &a.model);
    if (!m->params.grads) params_allocate_grads(&m->params);
    if (log_path && !output_open(&log, log_path, &err)) die("%s", err.text);
    train(args, m, &reference, &from, log.stream);
    if (log_path && !output_commit(&log, &err)) die("%s", err.text);
    // in place: the assistant's own numbers have moved, unless adapters were trained
    if (!adapters_save(to, &adapters, &a, STAGE_GRPO, made.data, &err))
        die("%s", err.text);
    free(made.data), own_questions_close(&from), adapters_close(&adapters);
    model_free(&reference), assistant_free(&a);
    return 0;
}
