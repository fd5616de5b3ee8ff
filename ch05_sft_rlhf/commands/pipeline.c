// pipeline: from nothing to a model one can talk to, stage by stage.
//
//     pretrain.ckpt --> sft.ckpt --> reward.ckpt --> ppo.ckpt      each kept, and skipped
//                          \\------> dpo.ckpt                       when it is there
//
// A stage's file says how it was made and from what. Where that is what would be done now,
// nothing is done.
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/assess.h"
#include "ch05_sft_rlhf/assistant.h"
#include "ch05_sft_rlhf/commands/commands.h"
#include "ch05_sft_rlhf/commands/curve.h"
#include "ch05_sft_rlhf/commands/watch.h"
#include "ch05_sft_rlhf/judge.h"
#include "ch05_sft_rlhf/rlhf.h"
#include "ch05_sft_rlhf/win_rate.h"
#include "common/numeric/logistic.h"
#include "common/program/file.h"
#include "common/program/plot.h"

const Option pipeline_options[] = {
    {"folder", "pipeline", "where the stages' models go"},
    {"layers", "3", "of the model"},
    {"heads", "4", "of attention"},
    {"channels", "64", "the model's width"},
    {"context", "256", "tokens it can read: three stories and what is asked"},
    {"stories", "6000", "to pretrain on"},
    {"pretrain-steps", "800", "of 1024 tokens"},
    {"sft-steps", "12000", "of 1024 tokens"},
    {"rate", "3e-3", "the highest learning rate of both"},
    {"shares", "follow", "follow: what is still wrong is asked more often; or fixed"},
    {"questions", "3000", "that are answered twice, for preferences"},
    {"beta", "1", "of PPO's KL term and of DPO"},
    {"ppo-steps", "40", "of 64 answers"},
    {"dpo-passes", "1", "over the preferences"},
    {"count", "200", "questions of each kind that the answers are judged by"},
    {"terminal", "svg", "svg, png or dumb"},
    {"seed", "1", "of everything"},
    {0}};

typedef struct {
    StagePlan plan;
    RlhfPlan rlhf;
    const char *folder, *terminal;
    Story story;
    Assistant at[STAGES];  // all but the reward model:
    Judge judge;
    Learning learning;  // of fine-tuning; points 0: it was not run
    JudgedPairs pairs;  // count 0: not made yet
    bool there[STAGES], kept[STAGES];
    double seconds[STAGES];
    Marks marks[STAGES][TASK_KINDS];
    WinRate over_sft[STAGES];
    int count;
} Pipeline;

static StagePlan plan_of(const Args *args) {
    StagePlan plan = stage_plan_usual;
    plan.layers = (int)option_int(args, "layers", 1, 100);
    plan.heads = (int)option_int(args, "heads", 1, 100);
    plan.channels = (int)option_int(args, "channels", 8, 4096);
    plan.context = (int)option_int(args, "context", 256, 1 << 16);
    plan.stories = (int)option_int(args, "stories", 100, 1000000);
    plan.pretrain_steps = option_int(args, "pretrain-steps", 1, 1000000000);
    plan.sft_steps = option_int(args, "sft-steps", 1, 1000000000);
    plan.rate = option_real(args, "rate", 1e-9, 10);
    plan.shares = (Shares)option_choice(args, "shares", shares_names);
    plan.seed = (uint64_t)option_int(args, "seed", 0, LONG_MAX);
    return plan;
}

static RlhfPlan rlhf_of(const Args *args, uint64_t seed) {
    RlhfPlan plan = rlhf_plan_usual;
    plan.questions = (int)option_int(args, "questions", 2, 1000000);
    plan.beta = option_real(args, "beta", 1e-6, 1e6);
    plan.ppo_steps = (int)option_int(args, "ppo-steps", 1, 1000000);
    plan.dpo_passes = (int)option_int(args, "dpo-passes", 1, 1000);
    plan.seed = seed;
    return plan;
}

static char *path_of(const Pipeline *p, Stage stage) {
    Text path = {0};
    text_add(&path, "%s/%s.ckpt", p->folder, stage_names[stage]);
    return path.data;
}

// ---- how a stage is made

// All that decides its result.
static char *made_of(const Pipeline *p, Stage stage) {
    const StagePlan *s = &p->plan;
    const RlhfPlan *r = &p->rlhf;
    Text made = {0};
    unsigned long long seed = s->seed, from = 0;
    if (stage == STAGE_SFT) from = assistant_hash(&p->at[STAGE_PRETRAIN].model);
    if (stage > STAGE_SFT) from = assistant_hash(&p->at[STAGE_SFT].model);
    text_add(&made, "%s of %016llx, seed %llu: ", stage_names[stage], from, seed);
    switch (stage) {
        case STAGE_PRETRAIN:
            text_add(&made,
                     "%d x %d, %d heads, context %d, %d stories, %lld steps of %d "
                     "x %d, rate %g",
                     s->layers, s->channels, s->heads, s->context, s->stories,
                     s->pretrain_steps, s->batch, s->time, s->rate);
            break;
        case STAGE_SFT:
            text_add(
                &made,
                "%lld steps of %d x %d, %d turns, new tales %g, shares %s, rate %g",
                s->sft_steps, s->batch, s->time, s->turns, s->new_tales,
                shares_names[s->shares], s->rate);
            break;
        case STAGE_REWARD: text_add(&made, "%d questions", r->questions); break;
        case STAGE_PPO:
            text_add(&made, "%d steps, beta %g, reward model %016llx", r->ppo_steps,
                     r->beta,
                     (unsigned long long)assistant_hash(p->judge.reward.model));
            break;
        case STAGE_DPO:
            text_add(&made, "%d questions, %d passes, beta %g", r->questions,
                     r->dpo_passes, r->beta);
            break;
        case STAGE_GRPO:  // a command alone
        case STAGES: break;
    }
    return made.data;
}

// ---- making one: *path is where it goes

static void make_pretrained(Pipeline *p, Watch *w) {
    Error err;
    Assistant *a = &p->at[STAGE_PRETRAIN];
    if (!stage_pretrain(&a->model, &a->tokenizer, &p->plan, watch_step, w, &err)
        || !chat_template_of(&a->chat, &a->tokenizer, &err))
        die("%s", err.text);
}

// A stage begins with another one's model, as it is in its file.
static Assistant *begin_with(Pipeline *p, Stage stage, Stage with) {
    Error err;
    Assistant *a = &p->at[stage];
    char *path = path_of(p, with);
    if (!assistant_load(a, path, &err)) die("%s", err.text);
    params_allocate_grads(&a->model.params);
    free(path), free(a->made);
    return a;
}

static void make_sft(Pipeline *p, Watch *w) {
    Error err;
    Assistant *a = begin_with(p, STAGE_SFT, STAGE_PRETRAIN);
    SftData d = stage_sft_data(&a->chat, &p->story, &p->plan);
    p->learning = learning_of(&a->model, &d, &p->plan, watch_step, w);
    if (!stage_sft(&a->model, &d, &p->plan, learning_step, &p->learning, &err))
        die("%s", err.text);
    curve_draw(&p->learning, p->folder, p->terminal);
}

// What the fine-tuned model answers, judged; made once.
static const JudgedPairs *pairs_of(Pipeline *p) {
    Error err;
    const Assistant *sft = &p->at[STAGE_SFT];
    if (!p->pairs.count
        && !judged_pairs(&p->pairs, &sft->model, &sft->chat, &p->story, &p->rlhf,
                         p->rlhf.questions, false, &err))
        die("%s", err.text);
    if (!p->pairs.count) die("pipeline: all answers are alike: nothing to prefer");
    return &p->pairs;
}

static void make_reward(Pipeline *p, Watch *w, const char *path, const char *made) {
    static RewardModel r;
    Error err;
    const Assistant *sft = &p->at[STAGE_SFT];
    rlhf_reward(&r, &sft->model, pairs_of(p), &p->rlhf, watch_step, w);
    if (!judge_save(path, &r, &sft->tokenizer, made, &err)) die("%s", err.text);
    reward_model_free(&r);
    if (!judge_load(&p->judge, path, &err)) die("%s", err.text);
}

static void make_ppo(Pipeline *p, Watch *w) {
    Error err;
    Assistant *a = begin_with(p, STAGE_PPO, STAGE_SFT);
    w->quantity = "reward";
    if (!rlhf_ppo(&a->model, &p->at[STAGE_SFT].model, &p->judge.reward, &a->chat,
                  &p->story, &p->rlhf, watch_step, w, &err))
        die("%s", err.text);
}

static void make_dpo(Pipeline *p, Watch *w) {
    Assistant *a = begin_with(p, STAGE_DPO, STAGE_SFT);
    rlhf_dpo(&a->model, &p->at[STAGE_SFT].model, pairs_of(p), &p->rlhf, watch_step, w);
}

static void make(Pipeline *p, Stage stage, Watch *w, const char *path,
                 const char *made) {
    Error err;
    switch (stage) {
        case STAGE_PRETRAIN: make_pretrained(p, w); break;
        case STAGE_SFT: make_sft(p, w); break;
        case STAGE_REWARD: make_reward(p, w, path, made); return;  // is in its file
        case STAGE_PPO: make_ppo(p, w); break;
        case STAGE_DPO: make_dpo(p, w); break;
        case STAGE_GRPO:  // a command alone
        case STAGES: return;
    }
    Assistant *a = &p->at[stage];
    a->stage = stage, a->made = strdup(made);
    if (!assistant_save(path, &a->model, &a->tokenizer, stage, made, &err))
        die("%s", err.text);
}

// ---- one stage after the other

// Loads what is there, if it is what would be made.
static bool keep(Pipeline *p, Stage stage, const char *path, const char *made) {
    Error err;
    Assistant *a = &p->at[stage];
    if (stage == STAGE_REWARD) {
        if (!judge_load(&p->judge, path, &err)) return false;
        if (strcmp(p->judge.made, made) == 0) return true;
        judge_free(&p->judge);
        return false;
    }
    if (!assistant_load(a, path, &err)) return false;
    if (a->stage == stage && strcmp(a->made, made) == 0) return true;
    assistant_free(a);
    return false;
}

static void run_stage(Pipeline *p, Stage stage) {
    char *path = path_of(p, stage), *made = made_of(p, stage);
    p->kept[stage] = keep(p, stage, path, made);
    if (!p->kept[stage]) {
        Watch w = watch_begin(stage_names[stage], NULL);
        make(p, stage, &w, path, made);
        p->seconds[stage] = watch_end(&w);
    }
    p->there[stage] = true;
    printf("%-9s %s: %s", stage_names[stage], path,
           p->kept[stage] ? "is there already\n" : "");
    if (!p->kept[stage]) printf("%.1f s\n", p->seconds[stage]);
    stdout_flush();
    free(path), free(made);
}

// ---- what came of it

static bool answers(Stage s) {
    return s == STAGE_SFT || s == STAGE_PPO || s == STAGE_DPO;
}

static void judge(Pipeline *p, Stage stage) {
    Error err;
    const Assistant *a = &p->at[stage], *sft = &p->at[STAGE_SFT];
    Rng rng = rng_new(p->plan.seed);
    if (!assess(p->marks[stage], &a->model, &a->chat, &p->story, NULL, p->count, 0, rng,
                &err))
        die("%s", err.text);
    Instructions from = instructions_for_training(&p->story);
    from.turns = 1, from.systems = 0, from.held_out = true;
    Questions q = questions_new(&from, &a->chat, 5 * p->count, rng_split(&rng, 1));
    if (!win_rate(&p->over_sft[stage], &q, &a->model, &sft->model, &a->chat,
                  rng_split(&rng, 2), &err))
        die("%s", err.text);
    questions_free(&q);
}

// How often the reward model agrees with held-out preferences, and how often anyone can who
// knows the gold reward: they are drawn.
static void judge_rewards(Pipeline *p) {
    JudgedPairs held_out;
    Error err;
    const Assistant *sft = &p->at[STAGE_SFT];
    if (!judged_pairs(&held_out, &sft->model, &sft->chat, &p->story, &p->rlhf,
                      2 * p->count, true, &err))
        die("%s", err.text);
    double best = 0;
    for (int i = 0; i < held_out.count; i++)
        best += logistic(p->rlhf.sharpness * fabs(held_out.gap[i])) / held_out.count;
    printf(
        "\nthe reward model agrees with %.1f %% of %d held-out preferences; the gold "
        "reward would with %.1f %%\n",
        100 * rlhf_accuracy(&p->judge.reward, &held_out), held_out.count, 100 * best);
    judged_pairs_free(&held_out);
}

static double share_right(const Marks *m, bool held_out) {
    int asked = 0, right = 0;
    for (int k = 0; k < TASK_KINDS; k++)
        if ((tasks[k].share == 0) == held_out) asked += m[k].asked, right += m[k].right;
    return (double)right / asked;
}

static void print_table(const Pipeline *p) {
    printf("\n%-9s %8s %8s %9s %8s %18s %16s\n", "stage", "seconds", "right",
           "new kinds", "reward", "win rate over sft", "KL from sft");
    for (int s = 0; s < STAGES; s++) {
        if (!p->there[s]) continue;
        printf("%-9s ", stage_names[s]);
        if (p->kept[s]) printf("%8s ", "kept");
        else printf("%8.1f ", p->seconds[s]);
        if (!answers((Stage)s)) {
            printf("\n");
            continue;
        }
        const WinRate *w = &p->over_sft[s];
        printf("%7.1f%% %8.1f%% %8.3f %8.3f +- %.3f %8.3f +- %.3f\n",
               100 * share_right(p->marks[s], false),
               100 * share_right(p->marks[s], true), w->reward[0], w->rate, w->error,
               w->kl, w->kl_error);
    }
}

// Shares of right answers by kind, a series for each stage.
static void draw(const Pipeline *p) {
    static const LabSpec spec = {.name = "pipeline",
                                 .title = "right answers to held-out questions"};
    Lab lab = {.spec = &spec, .out = (char *)p->folder, .terminal = p->terminal};
    Plot *plot = plot_new(&lab, "pipeline", "kind sft ppo dpo");
    for (int k = 0; k < TASK_KINDS; k++) {
        double row[] = {k, NAN, NAN, NAN};
        static const Stage stages[] = {STAGE_SFT, STAGE_PPO, STAGE_DPO};
        for (int i = 0; i < 3; i++) {
            const Marks *m = &p->marks[stages[i]][k];
            if (p->there[stages[i]]) row[1 + i] = (double)m->right / m->asked;
        }
        plot_row_values(plot, row);
    }
    Text tics = {0};
    for (int k = 0; k < TASK_KINDS; k++)
        text_add(&tics, "%s'%s' %d", k ? ", " : "", tasks[k].name, k);
    plot_axes(plot, "kind of task (the last three were never trained)", "share right");
    plot_set(plot, "xtics rotate by 45 right (%s)", tics.data);
    plot_set(plot, "yrange [0:1.05]");
    plot_points(plot, "kind", "sft", "after SFT");
    if (p->there[STAGE_PPO]) plot_points(plot, "kind", "ppo", "after PPO");
    if (p->there[STAGE_DPO]) plot_points(plot, "kind", "dpo", "after DPO");
    plot_end(plot);
    free(tics.data);
}

int command_pipeline(const Args *args) {
    static const char *const terminals[] = {"svg", "png", "dumb", NULL};
    static Pipeline p;
    static const Stage order[] = {STAGE_PRETRAIN, STAGE_SFT, STAGE_REWARD, STAGE_PPO,
                                  STAGE_DPO};
    Error err;
    if (args->file_count) die("pipeline: unexpected '%s'", args->files[0]);
    p.plan = plan_of(args);
    p.rlhf = rlhf_of(args, p.plan.seed);
    p.folder = option_text(args, "folder");
    p.count = (int)option_int(args, "count", 1, 100000);
    p.terminal = terminals[option_choice(args, "terminal", terminals)];
    if (!make_folder(p.folder, &err)) die("--folder: %s", err.text);
    p.story = story_new();
    int stages = sizeof order / sizeof *order;
    for (int i = 0; i < stages; i++) run_stage(&p, order[i]);
    for (int i = 0; i < stages; i++)
        if (answers(order[i])) judge(&p, order[i]);
    if (p.learning.points) curve_print(&p.learning);
    judge_rewards(&p);
    print_table(&p);
    draw(&p);
    printf("\nto talk to it: %s chat --checkpoint %s/%s.ckpt\n", program_name(),
           p.folder, stage_names[STAGE_PPO]);
    for (int s = 0; s < STAGES; s++) assistant_free(&p.at[s]);
    judge_free(&p.judge), judged_pairs_free(&p.pairs);
    story_free(&p.story);
    return 0;
}
