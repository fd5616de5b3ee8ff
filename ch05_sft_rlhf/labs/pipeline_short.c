// The pipeline in short: from the fine-tuned model that is in the repository to PPO's and
// DPO's, against the best that the same distance allows. Lecture, section 5.10.
//
// An answer falls into one of a few classes: cut off, wrong, or right in one of six
// manners. The shares of the fine-tuned model's answers and the classes' values give a
// frontier, as in section 5.5: no policy at a distance KL has more reward. (Between classes
// the distance is at most that between answers, and averaged over prompts at most the
// average: both sums of logarithms are convex.)
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/assess.h"
#include "ch05_sft_rlhf/assistant.h"
#include "ch05_sft_rlhf/optimal_policy.h"
#include "ch05_sft_rlhf/policy.h"
#include "ch05_sft_rlhf/rlhf.h"
#include "ch05_sft_rlhf/win_rate.h"
#include "common/numeric/logistic.h"
#include "common/program/lab.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"checkpoint", "", "another fine-tuned model than the repository's"},
    {"questions", "2400", "that are answered twice, for preferences"},
    {"ppo-steps", "25", "of 64 answers"},
    {"dpo-passes", "1", "over the preferences"},
    {"beta", "1", "of PPO's KL term and of DPO"},
    {"count", "30", "questions of each kind that are asked"},
    {0}};

enum { JUDGED = 600, CLASSES = 2 + OPENINGS * CLOSINGS };

// ---- classes of answers

static double value_of(int class) {
    if (class == 0) return gold_reward("", false, "");
    if (class == 1) return 0;
    return 1 + gold_openings[(class - 2) / CLOSINGS].value
           + gold_closings[(class - 2) % CLOSINGS].value;
}

static int class_of(const ChatTemplate *chat, const Exchange *e, const char *exact) {
    char *text = chat_text(chat, e->ids + e->prompt, e->length - e->prompt);
    char *content = allocate(strlen(text) + 1, 1);
    Manners m = gold_content(content, text);
    int class = !e->finished                  ? 0
                : strcmp(content, exact) != 0 ? 1
                                              : 2 + m.opening * CLOSINGS + m.closing;
    free(text), free(content);
    return class;
}

typedef struct {
    double log_share[CLASSES], value[CLASSES];
} Classes;

static Classes classes_of(const Questions *q, const Model *m, const ChatTemplate *chat,
                          Rng rng) {
    Classes c;
    Error err;
    int seen[CLASSES] = {0};
    Rollout *answers = allocate((size_t)q->count, sizeof *answers);
    if (!questions_answer(answers, q, m, chat, 1, rng, &err)) die("%s", err.text);
    for (int i = 0; i < q->count; i++) {
        seen[class_of(chat, &answers[i].exchange, questions_turn(q, i)->exact.data)]++;
        rollout_free(&answers[i]);
    }
    for (int k = 0; k < CLASSES; k++)
        c.log_share[k] = seen[k] ? log((double)seen[k] / q->count) : -INFINITY,
        c.value[k] = value_of(k);
    free(answers);
    return c;
}

typedef struct {
    double beta, reward, kl, wins;
} FrontierPoint;

// pi* of the classes, and how often it wins against the classes as they are.
static FrontierPoint optimum(const Classes *c, double beta) {
    double star[CLASSES], wins = 0;
    optimal_policy(star, c->log_share, c->value, beta, CLASSES);
    for (int a = 0; a < CLASSES; a++)
        for (int b = 0; b < CLASSES; b++) {
            double won = c->value[a] > c->value[b]    ? 1
                         : c->value[a] == c->value[b] ? 0.5
                                                      : 0;
            wins += exp(star[a] + c->log_share[b]) * won;
        }
    return (FrontierPoint){beta, policy_mean(star, c->value, CLASSES),
                           policy_kl(star, c->log_share, CLASSES), wins};
}

// The point at this distance: it falls as beta rises.
static FrontierPoint frontier_at(const Classes *c, double kl) {
    double low = 1e-3, high = 1e3;
    for (int i = 0; i < 100; i++) {
        double beta = sqrt(low * high);
        if (optimum(c, beta).kl > kl) low = beta;
        else high = beta;
    }
    return optimum(c, high);
}

// ---- the stages

typedef struct {
    Assistant sft;
    Story story;
    RlhfPlan plan;
    Questions questions;  // held out
    Classes classes;
    RewardModel reward;
    Model tuned;
} Short;

static void watch(void *self, long long step, long long steps, double loss) {
    (void)loss;
    lab_progress(self, (double)step, (double)steps);
}

static void begin(Lab *lab, Short *s) {
    Error err;
    const char *path = option_text(&lab->args, "checkpoint");
    char *own = path[0] ? NULL : repository_file("ch05_sft_rlhf/assistant.ckpt");
    if (!path[0] && !own) die("pipeline: ch05_sft_rlhf/assistant.ckpt is not there");
    if (!assistant_load_stage(&s->sft, own ? own : path, (Stage[]){STAGE_SFT, STAGES},
                              &err))
        die("%s", err.text);
    free(own);
    s->story = story_new();
    s->plan = rlhf_plan_usual;
    s->plan.questions = (int)option_int(&lab->args, "questions", 2, 1000000);
    s->plan.ppo_steps = (int)option_int(&lab->args, "ppo-steps", 1, 1000000);
    s->plan.dpo_passes = (int)option_int(&lab->args, "dpo-passes", 1, 1000);
    s->plan.beta = option_real(&lab->args, "beta", 1e-3, 1e3);
    s->plan.seed = lab->seed, s->plan.turns = 1;
    Instructions from = instructions_for_training(&s->story);
    from.turns = 1, from.systems = 0, from.held_out = true;
    s->questions = questions_new(&from, &s->sft.chat, JUDGED, rng_split(&lab->rng, 1));
    s->classes =
        classes_of(&s->questions, &s->sft.model, &s->sft.chat, rng_split(&lab->rng, 2));
}

static void claim_answers(Lab *lab, const Short *s) {
    Marks m[TASK_KINDS];
    Error err;
    int count = (int)option_int(&lab->args, "count", 1, 100000);
    int asked[2] = {0}, right[2] = {0}, ended = 0;
    if (!assess(m, &s->sft.model, &s->sft.chat, &s->story, NULL, count, 0,
                rng_split(&lab->rng, 3), &err))
        die("%s", err.text);
    for (int k = 0; k < TASK_KINDS; k++) {
        bool new = tasks[k].share == 0;
        asked[new] += m[k].asked, right[new] += m[k].right;
        if (!new) ended += m[k].ended;
        lab_print(lab, "%-9s %3d of %3d right%s", tasks[k].name, m[k].right, m[k].asked,
                  new ? ", never trained" : "");
    }
    claim_at_least(lab, "5.86", "after SFT: right, held-out questions", 0.95,
                   (double)right[0] / asked[0]);
    claim_at_least(lab, "5.87", "answers that end by themselves", 0.99,
                   (double)ended / asked[0]);
    lab_print(lab, "kinds that were never trained: %.1f %% right",
              100.0 * right[1] / asked[1]);
    // not derived: of all that was swapped in training, nothing was a toy
    claim_at_most(lab, "5.96", "swap-toy, never trained: right", 0.1,
                  (double)m[TASK_SWAP_TOY].right / m[TASK_SWAP_TOY].asked);
}

// Of conversations that tell three: what comes last counts, wherever it stands.
static void claim_stories(Lab *lab, const Short *s) {
    enum { STORIES = 3 };
    Marks m[STORIES];
    Error err;
    int asked = 0, right = 0;
    if (!assess_stories(m, &s->sft.model, &s->sft.chat, &s->story, STORIES,
                        4 * (int)option_int(&lab->args, "count", 1, 100000), 0,
                        rng_split(&lab->rng, 6), &err))
        die("%s", err.text);
    for (int k = 0; k < STORIES; k++) {
        lab_print(lab, "story %d   %3d of %3d right", k + 1, m[k].right, m[k].asked);
        if (k > 0) asked += m[k].asked, right += m[k].right;
    }
    claim_at_least(lab, "5.95", "right, about a second and a third story", 0.95,
                   (double)right / asked);
}

static void claim_itself(Lab *lab, const Short *s) {
    WinRate w;
    Error err;
    if (!win_rate(&w, &s->questions, &s->sft.model, &s->sft.model, &s->sft.chat,
                  rng_split(&lab->rng, 4), &err))
        die("%s", err.text);
    claim_near(lab, "5.88", "win rate of the fine-tuned model over itself", 0.5, w.rate,
               4 * w.error);
}

// What the best judge would agree with, who knows the gold reward: preferences are drawn.
static void claim_reward(Lab *lab, Short *s) {
    JudgedPairs held_out;
    Error err;
    if (!judged_pairs(&held_out, &s->sft.model, &s->sft.chat, &s->story, &s->plan,
                      JUDGED / 2, true, &err))
        die("%s", err.text);
    double best = 0, n = held_out.count;
    for (int i = 0; i < held_out.count; i++)
        best += logistic(s->plan.sharpness * fabs(held_out.gap[i])) / n;
    double agrees = rlhf_accuracy(&s->reward, &held_out);
    // it cannot be better but by chance: 4 standard errors
    claim_at_most(lab, "5.89", "reward model and held-out preferences agree",
                  best + 4 * sqrt(best * (1 - best) / n), agrees);
    // not derived: what is lost by learning from a few hundred pairs
    claim_at_least(lab, "5.90", "the same, of what the gold reward would reach", 0.9,
                   agrees / best);
    judged_pairs_free(&held_out);
}

// Win rate and KL of the tuned model; the most reward at that KL, and three standard
// errors more.
static double measure_tuned(Lab *lab, Short *s, const char *name, WinRate *w) {
    Error err;
    if (!win_rate(w, &s->questions, &s->tuned, &s->sft.model, &s->sft.chat,
                  rng_split(&lab->rng, 5), &err))
        die("%s", err.text);
    FrontierPoint best = frontier_at(&s->classes, w->kl);
    lab_print(lab,
              "%s: reward %.3f (SFT %.3f), right %.3f (%.3f), ended %.3f, KL %.3f +- "
              "%.3f nats per answer",
              name, w->reward[0], w->reward[1], w->right[0], w->right[1], w->ended[0],
              w->kl, w->kl_error);
    // The frontier's slope is beta. It is drawn from as many answers as the reward of SFT.
    double error = sqrt(w->reward_error[0] * w->reward_error[0]
                        + w->reward_error[1] * w->reward_error[1]
                        + best.beta * best.beta * w->kl_error * w->kl_error);
    return best.reward + 3 * error;
}

// A copy of the fine-tuned model, to be trained.
static void copy(Short *s) {
    policy_copy(&s->tuned, &s->sft.model);
    params_allocate_grads(&s->tuned.params);
}

static void draw(Lab *lab, const Short *s, const WinRate *ppo, const WinRate *dpo) {
    enum { POINTS = 60 };
    Plot *p =
        plot_new(lab, "pipeline_short", "kl frontier sft ppo ppo_error dpo dpo_error");
    for (int i = 0; i <= POINTS; i++) {
        FrontierPoint f = optimum(&s->classes, 0.02 * pow(500, (double)i / POINTS));
        plot_row(p, f.kl, f.reward, NAN, NAN, NAN, NAN, NAN);
    }
    plot_row(p, 0, NAN, ppo->reward[1], NAN, NAN, NAN, NAN);
    plot_row(p, ppo->kl, NAN, NAN, ppo->reward[0], ppo->reward_error[0], NAN, NAN);
    plot_row(p, dpo->kl, NAN, NAN, NAN, NAN, dpo->reward[0], dpo->reward_error[0]);
    plot_title(p, "The assistant: reward against distance");
    plot_axes(p, "KL from the fine-tuned model, nats per answer", "gold reward");
    plot_line(p, "kl", "frontier", "the most that a distance allows");
    plot_points(p, "kl", "sft", "SFT");
    plot_errors(p, "kl", "ppo", "ppo_error", "PPO");
    plot_errors(p, "kl", "dpo", "dpo_error", "DPO");
    plot_end(p);
}

static void run(Lab *lab) {
    static Short s;
    WinRate ppo, dpo;
    JudgedPairs pairs;
    Error err;
    begin(lab, &s);
    claim_answers(lab, &s);
    claim_stories(lab, &s);
    claim_itself(lab, &s);
    if (!judged_pairs(&pairs, &s.sft.model, &s.sft.chat, &s.story, &s.plan,
                      s.plan.questions, false, &err))
        die("%s", err.text);
    rlhf_reward(&s.reward, &s.sft.model, &pairs, &s.plan, watch, lab);
    claim_reward(lab, &s);
    copy(&s);
    if (!rlhf_ppo(&s.tuned, &s.sft.model, &s.reward, &s.sft.chat, &s.story, &s.plan,
                  watch, lab, &err))
        die("%s", err.text);
    double most = measure_tuned(lab, &s, "PPO", &ppo);
    claim_at_least(lab, "5.91", "win rate of PPO over SFT", 0.75, ppo.rate);
    claim_at_most(lab, "5.92", "reward of PPO, under the frontier at its KL", most,
                  ppo.reward[0]);
    model_free(&s.tuned), copy(&s);
    rlhf_dpo(&s.tuned, &s.sft.model, &pairs, &s.plan, watch, lab);
    most = measure_tuned(lab, &s, "DPO", &dpo);
    claim_at_least(lab, "5.93", "win rate of DPO over SFT", 0.75, dpo.rate);
    claim_at_most(lab, "5.94", "reward of DPO, under the frontier at its KL", most,
                  dpo.reward[0]);
    // what both have as their optimum, were reward model and implicit reward exact
    FrontierPoint star = optimum(&s.classes, s.plan.beta / s.plan.sharpness);
    lab_print(lab, "pi*: reward %.3f, KL %.3f, win rate %.3f", star.reward, star.kl,
              star.wins);
    draw(lab, &s, &ppo, &dpo);
    model_free(&s.tuned), reward_model_free(&s.reward), judged_pairs_free(&pairs);
    questions_free(&s.questions), story_free(&s.story), assistant_free(&s.sft);
}

const LabSpec lab_pipeline_short = {"pipeline-short", "5.10",
                                    "From fine-tuning to preferences", run, options};
