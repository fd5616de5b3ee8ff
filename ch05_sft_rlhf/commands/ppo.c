// ppo: a policy improved by answers of its own, on the small problem that can be
// enumerated, or an assistant by a reward model.
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch05_sft_rlhf/assistant.h"
#include "ch05_sft_rlhf/commands/adapters.h"
#include "ch05_sft_rlhf/commands/commands.h"
#include "ch05_sft_rlhf/commands/enumerate.h"
#include "ch05_sft_rlhf/commands/watch.h"
#include "ch05_sft_rlhf/judge.h"
#include "ch05_sft_rlhf/policy.h"
#include "ch05_sft_rlhf/rlhf.h"

const Option ppo_options[] = {
    ENUMERATE_OPTIONS,
    {"checkpoint", NULL, "the assistant to begin with, of stage sft: the reference"},
    {"reward", NULL, "a reward model; without one the gold reward"},
    {"output", NULL, "the assistant to write", .letter = 'o'},
    {"steps", "200", "batches of answers; 0 with --enumerate: the policy as it begins"},
    {"answers", "0", "drawn for each; 0: 256 with --enumerate, 32 for an assistant"},
    {"rate", "0", "the learning rate; 0: 3e-3 with --enumerate, 3e-4"},
    {"beta", "0.5", "of the KL term"},
    {"kl", "k1", "its estimator: k1, k2 or k3"},
    {"kl-in-loss", OPTION_FLAG, "the KL term in the loss, not in the reward"},
    {"advantages", "centred", "plain, centred or whitened"},
    {"gamma", "1", "of later rewards"},
    {"lambda", "0.95", "of GAE"},
    {"clip", "0.2", "of the ratio; a large one: none"},
    {"epochs", "1", "over each batch"},
    {"minibatches", "1", "of a batch"},
    ADAPTER_OPTIONS,
    {"log", NULL, "a table of every step: FILE.tsv"},
    {"seed", "1", "of everything"},
    {0}};

static PpoSettings settings_of(const Args *args) {
    PpoSettings s = ppo_defaults();
    s.beta = option_real(args, "beta", 1e-6, 1e6);
    s.kl = (KlKind)option_choice(args, "kl", kl_names());
    s.kl_in_loss = option_flag(args, "kl-in-loss");
    s.advantages = (AdvantageKind)option_choice(args, "advantages", advantage_names());
    s.gae.gamma = option_real(args, "gamma", 0, 1);
    s.gae.lambda = option_real(args, "lambda", 0, 1);
    s.clip = s.value_clip = option_real(args, "clip", 1e-6, 1e30);
    s.epochs = (int)option_int(args, "epochs", 1, 1000);
    s.minibatches = (int)option_int(args, "minibatches", 1, 1000);
    return s;
}

// 0 in the option: the usual one.
static double usual(const Args *args, const char *name, double most, double value) {
    double given = option_real(args, name, 0, most);
    return given > 0 ? given : value;
}

// From the rate at the beginning down to a hundredth.
static Schedule schedule_of(double rate, long long steps) {
    return (Schedule){rate, rate / 100, 0, steps > 0 ? steps : 1};
}

// ---- the small problem

static int enumerated(const Args *args, long long steps) {
    static Enumerated x;
    static Critic critic;
    PpoSettings s = settings_of(args);
    int answers = (int)usual(args, "answers", 1e6, 256);
    s.value_clip = INFINITY;
    enumerate_open(&x, args), critic_new(&critic, &x.policy);
    Ppo p = enumerated_ppo(&x, &critic, s);
    Draws d = draws_new(&x, answers);
    Rng root = rng_new((uint64_t)option_int(args, "seed", 0, LONG_MAX)),
        rng = rng_split(&root, 2);
    Schedule schedule = schedule_of(usual(args, "rate", 10, 3e-3), steps);
    StepLog log = step_log_open(args, false);
    for (long long k = 1; k <= steps; k++) {
        double tv = enumerated_measure(&x, s.beta).total_variation;
        draws_fill(&d, &x, BASELINE_NONE, s.beta, &rng);
        PpoStep at = ppo_step(&p, d.answers, d.rewards, answers, NULL,
                              schedule_rate(&schedule, k));
        step_log_write(&log, k, &at, tv, NAN);
    }
    enumerate_print(&x, s.beta, NAN);
    step_log_close(&log);
    draws_free(&d), ppo_free(&p), critic_free(&critic), enumerated_free(&x);
    return 0;
}

// ---- an assistant

typedef struct {
    Assistant assistant;
    Adapters adapters;
    Model *policy;  // the assistant's, or that of adapters beside it
    Judge judge;
    bool judged;  // by a reward model
    Model reference;
    Critic critic;
    Story story;
} Job;

static void job_open(Job *j, const Args *args) {
    Error err;
    const char *reward = option_text(args, "reward");
    if (!assistant_load_stage(&j->assistant, option_text(args, "checkpoint"),
                              stages_that_answer, &err)
        || (reward && !judge_load(&j->judge, reward, &err)))
        die("%s", err.text);
    j->judged = reward;
    if (reward
        && j->judge.reward.model->config.vocabulary
               != j->assistant.model.config.vocabulary)
        die("%s: a reward model of %d ids for an assistant of %d", reward,
            j->judge.reward.model->config.vocabulary,
            j->assistant.model.config.vocabulary);
    j->policy = adapters_open(&j->adapters, args, "ppo", &j->assistant.model);
    params_allocate_grads(&j->policy->params);
    policy_copy(&j->reference, &j->assistant.model);
    critic_new(&j->critic, &j->reference);
    j->story = story_new();
}

static void job_close(Job *j) {
    critic_free(&j->critic), model_free(&j->reference), adapters_close(&j->adapters);
    assistant_free(&j->assistant);
    if (j->judged) judge_free(&j->judge);
    story_free(&j->story);
}

static void train(Job *j, const Args *args, RlhfPlan plan, StepLog *log) {
    Ppo p = ppo_new(j->policy, &j->reference, &j->critic, settings_of(args));
    Rng rng = rng_new(plan.seed);
    Schedule schedule = schedule_of(plan.ppo_rate, plan.ppo_steps);
    Watch w = watch_begin("ppo", NULL);
    w.quantity = "reward";
    PpoStep at = {0};
    for (int k = 1; k <= plan.ppo_steps; k++) {
        Error err;
        if (!rlhf_ppo_batch(&p, j->judged ? &j->judge.reward : NULL, &j->assistant.chat,
                            &j->story, &plan, rng_split(&rng, (uint64_t)k),
                            schedule_rate(&schedule, k), &at, &err))
            die("ppo: step %d: %s", k, err.text);
        step_log_write(log, k, &at, NAN, NAN);
        watch_step(&w, k, plan.ppo_steps, at.reward);
    }
    fprintf(stderr, "ppo: last of %d steps: reward %.3f, KL %.3f, length %.1f\n",
            plan.ppo_steps, at.reward, at.kl, at.length);
    ppo_free(&p);
}

static int assistant(const Args *args, long long steps) {
    static Job j;
    Error err;
    const char *to = output_of(args, "ppo", "the assistant",
                               (const char *[]){"checkpoint", "reward", NULL});
    RlhfPlan plan = rlhf_plan_usual;
    plan.ppo_steps = (int)steps, plan.ppo_rate = usual(args, "rate", 10, plan.ppo_rate);
    plan.batch = (int)usual(args, "answers", 1e5, plan.batch);
    plan.seed = (uint64_t)option_int(args, "seed", 0, LONG_MAX);
    if (!option_text(args, "reward")) plan.cut_off = -0.5;  // the gold reward's
    settings_of(args);                                      // a bad value, before work
    job_open(&j, args);
    StepLog log = step_log_open(args, false);
    Text made = {0};
    text_add(&made,
             "ppo --steps %lld --answers %d --rate %g --beta %s --seed %s from %016llx",
             steps, plan.batch, plan.ppo_rate, option_text(args, "beta"),
             option_text(args, "seed"),
             (unsigned long long)assistant_hash(&j.assistant.model));
    train(&j, args, plan, &log);
    if (!adapters_save(to, &j.adapters, &j.assistant, STAGE_PPO, made.data, &err))
        die("%s", err.text);
    step_log_close(&log), free(made.data), job_close(&j);
    return 0;
}

int command_ppo(const Args *args) {
    if (args->file_count) die("ppo: unexpected '%s'", args->files[0]);
    bool small = option_flag(args, "enumerate");
    long long steps = option_int(args, "steps", small ? 0 : 1, 1000000);
    if (small) {
        enumerate_alone(args, (const char *[]){"checkpoint", "reward", "output", "lora",
                                               "alpha", NULL});
        return enumerated(args, steps);
    }
    if (!option_text(args, "checkpoint"))
        die("ppo: --checkpoint FILE is needed, or --enumerate");
    return assistant(args, steps);
}
