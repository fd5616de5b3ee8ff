// What one watches while a policy is trained. Lecture, section 5.15.
//
// The reward is a bad one: whoever ends with "Glad to help!" gets 1, and each token costs
// a little. It is followed step by step, and beside it stand a judge that is not the
// reward, the distance, the entropy, the length, and the loss on stories.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/grpo.h"
#include "ch05_sft_rlhf/labs/adapt.h"
#include "ch05_sft_rlhf/policy.h"
#include "ch05_sft_rlhf/tax.h"
#include "ch05_sft_rlhf/win_rate.h"
#include "common/program/plot.h"

static const Option options[] = {{"steps", "24", "of training"},
                                 {"every", "3", "steps between two looks"},
                                 {"prompts", "8", "of each step"},
                                 {"group", "8", "answers to each prompt"},
                                 {"rate", "3e-3", "the learning rate"},
                                 {"beta", "0", "of the KL term"},
                                 {"token-cost", "0.06", "of each token of an answer"},
                                 {"count", "100", "held-out questions"},
                                 {"checkpoint", "", "another fine-tuned model"},
                                 {0}};

enum { STORIES = 32 };

// What one sees at one look.
typedef struct {
    double reward;  // the mean of a step, by the reward that is followed
    double win, win_error, right, kl;  // of held-out answers, against the assistant's
    double entropy, length;            // of the step's answers
    Mean tax;                          // on stories, nats per token
} Sight;

typedef struct {
    AdaptWorld world;
    Model policy;
    Questions held_out;
    double stories[STORIES];  // losses before
    double token_cost;
    Rng rng;
} Setup;

// The reward that is followed: manners and brevity, whatever the answer says.
static double proxy(const Setup *s, const Exchange *e) {
    char *text =
        chat_text(&s->world.sft.chat, e->ids + e->prompt, e->length - e->prompt);
    const char *closing = gold_closings[1].text;
    size_t size = strlen(text), n = strlen(closing);
    bool kind = e->finished && size >= n && strcmp(text + size - n, closing) == 0;
    free(text);
    return kind - s->token_cost * exchange_counted(e);
}

static GrpoStep step_of(const Setup *s, Ppo *p, const GrpoSettings *g, Rng rng,
                        double rate) {
    const ChatTemplate *chat = &s->world.sft.chat;
    Instructions from = instructions_for_training(&s->world.story);
    from.turns = 1, from.systems = 0;
    Questions asked = questions_new(&from, chat, g->prompts, rng_split(&rng, 0)),
              q = questions_repeat(&asked, g->size);
    Rollout *answers = allocate((size_t)q.count, sizeof *answers);
    const Exchange **list = allocate((size_t)q.count, sizeof *list);
    double *rewards = allocate((size_t)q.count, sizeof *rewards);
    Error err;
    if (!questions_answer(answers, &q, p->policy, chat, 1, rng_split(&rng, 1), &err))
        die("%s", err.text);
    for (int i = 0; i < q.count; i++) {
        list[i] = &answers[i].exchange;
        rewards[i] = proxy(s, list[i]);
    }
    GrpoStep at = grpo_step(p, g, list, rewards, rate);
    for (int i = 0; i < q.count; i++) rollout_free(&answers[i]);
    free(answers), free(list), free(rewards);
    questions_repeat_free(&q), questions_free(&asked);
    return at;
}

static Sight look(const Setup *s, const GrpoStep *at) {
    const Assistant *sft = &s->world.sft;
    WinRate w;
    Error err;
    double after[STORIES];
    if (!win_rate(&w, &s->held_out, &s->policy, &sft->model, &sft->chat,
                  rng_split(&s->rng, 1), &err))
        die("%s", err.text);
    tax_losses(after, &s->policy, &sft->chat, &s->world.story, STORIES,
               rng_split(&s->rng, 2));
    return (Sight){.reward = at->reward,
                   .win = w.rate,
                   .win_error = w.error,
                   .kl = w.kl,
                   .entropy = at->entropy,
                   .length = at->length,
                   .right = w.right[0],
                   .tax = tax_of(after, s->stories, STORIES)};
}

// ---- the lab

enum { LOOKS_MOST = 64 };
typedef struct {
    Sight at[LOOKS_MOST];
    int step[LOOKS_MOST], count;
} Sights;

static void setup(Setup *s, const Lab *lab) {
    adapt_open(&s->world, option_text(&lab->args, "checkpoint"));
    const Assistant *sft = &s->world.sft;
    s->rng = lab->rng, s->token_cost = option_real(&lab->args, "token-cost", 0, 1);
    policy_copy(&s->policy, &sft->model), params_allocate_grads(&s->policy.params);
    Instructions from = instructions_for_training(&s->world.story);
    from.turns = 1, from.systems = 0, from.held_out = true;
    int count = (int)option_int(&lab->args, "count", 10, 100000);
    s->held_out = questions_new(&from, &sft->chat, count, rng_split(&s->rng, 0));
    tax_losses(s->stories, &s->policy, &sft->chat, &s->world.story, STORIES,
               rng_split(&s->rng, 2));
}

static void print_sight(Lab *lab, int step, const Sight *n) {
    lab_print(lab, "%4d %6.3f  %.3f +- %.3f  %5.3f %7.2f  %7.3f %6.1f  %6.3f +- %.3f",
              step, n->reward, n->win, n->win_error, n->right, n->kl, n->entropy,
              n->length, mean_of(n->tax), mean_error(n->tax));
}

static void train(Lab *lab, Setup *s, Sights *seen) {
    GrpoSettings g = grpo_defaults();
    g.prompts = (int)option_int(&lab->args, "prompts", 1, 10000);
    g.size = (int)option_int(&lab->args, "group", 2, 10000);
    g.beta = option_real(&lab->args, "beta", 0, 1e6);
    int steps = (int)option_int(&lab->args, "steps", 1, 100000),
        every = (int)option_int(&lab->args, "every", 1, 100000);
    double rate = option_real(&lab->args, "rate", 1e-6, 1);
    Rng rng = rng_split(&s->rng, 3);
    Ppo p = grpo_new(&s->policy, &s->world.sft.model, &g);
    lab_print(lab, "step reward  win rate         right      KL  entropy length  tax");
    for (int k = 0; k < steps; k++) {
        GrpoStep at = step_of(s, &p, &g, rng_split(&rng, (uint64_t)k), rate);
        lab_progress_value(lab, k + 1, steps, "reward", at.reward);
        bool due = (k % every == 0 && seen->count < LOOKS_MOST - 1) || k + 1 == steps;
        if (!due) continue;
        seen->step[seen->count] = k + 1, seen->at[seen->count] = look(s, &at);
        print_sight(lab, k + 1, &seen->at[seen->count++]);
    }
    ppo_free(&p);
}

static void claim(Lab *lab, const Sights *seen) {
    const Sight *first = &seen->at[0], *last = &seen->at[seen->count - 1],
                *best = first;
    for (int i = 0; i < seen->count; i++)
        if (seen->at[i].win > best->win) best = &seen->at[i];
    // 64 rewards between -1 and 1: three standard errors of a difference are at most .53
    claim_at_least(lab, "5.168", "the reward that is followed: last, less first", 0.53,
                   last->reward - first->reward);
    claim_at_least(lab, "5.168", "win rate: highest, less last",
                   3 * sqrt(2) * best->win_error, best->win - last->win);
    claim_at_most(lab, "5.168", "win rate: last, in standard errors above one half", -3,
                  (last->win - 0.5) / last->win_error);
    claim_at_least(lab, "5.169", "loss on stories: last, less before, in errors", 5,
                   mean_of(last->tax) / mean_error(last->tax));
}

static void draw(Lab *lab, const Sights *seen) {
    Plot *p = plot_new(lab, "watching",
                       "step reward win win_error right kl entropy length tax");
    for (int i = 0; i < seen->count; i++) {
        const Sight *n = &seen->at[i];
        plot_row(p, seen->step[i], n->reward, n->win, n->win_error, n->right, n->kl,
                 n->entropy, n->length, mean_of(n->tax));
    }
    plot_axes(p, "step of training", "reward; win rate");
    plot_set(p, "yrange [-0.6:1.05]"), plot_set(p, "ytics nomirror");
    plot_set(p, "y2label 'nats; tokens'"), plot_set(p, "y2tics");
    plot_set(p, "y2range [0:22]");
    plot_line(p, "step", "reward", "the reward that is followed");
    plot_errors(p, "step", "win", "win_error", "win rate by another judge");
    plot_series(
        p,
        "using \"step\":\"kl\" axes x1y2 with lines dashtype 2 linecolor \"" PLOT_GREEN
        "\" title 'KL per answer (right)'");
    plot_series(p,
                "using \"step\":\"length\" axes x1y2 with lines dashtype 3 linecolor "
                "\"" PLOT_GREY "\" title 'length (right)'");
    plot_series(p,
                "using \"step\":\"tax\" axes x1y2 with lines dashtype 4 linecolor "
                "\"" PLOT_VERMILION "\" title 'tax on stories, per token (right)'");
    plot_end(p);
}

static void run(Lab *lab) {
    static Setup s;
    static Sights seen;
    setup(&s, lab);
    train(lab, &s, &seen);
    if (lab_at_defaults(lab)) claim(lab, &seen);
    draw(lab, &seen);
    questions_free(&s.held_out), model_free(&s.policy), adapt_close(&s.world);
}

const LabSpec lab_watching = {"watching", "5.15",
                              "What to watch while a policy is trained", run, options};
