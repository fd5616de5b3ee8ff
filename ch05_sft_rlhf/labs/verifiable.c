// A reward that can be checked: right answers become more frequent. Lecture, section
// 5.13.
//
// The assistant is taught a kind of question that it has never met, and the lesson is
// broken off when it is right about as often as not. Then it goes on by itself: eight
// answers to each question, and nothing but right or wrong.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch05_sft_rlhf/grpo.h"
#include "ch05_sft_rlhf/labs/adapt.h"
#include "ch05_sft_rlhf/policy.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"steps", "20", "of GRPO"},
    {"prompts", "12", "of each step"},
    {"group", "8", "answers to each prompt"},
    {"advantages", "deviation", "mean, deviation, bessel or others"},
    {"rate", "1e-3", "the learning rate at the beginning"},
    {"begin", "0.55", "share of right answers at which the lesson is broken off"},
    {"count", "200", "held-out questions"},
    {"checkpoint", "", "another fine-tuned model"},
    {0}};

static const TaskKind kinds[] = {TASK_LAST, TASK_KINDS};

// ---- how often an answer begins with words that the reward never sees

typedef struct {
    double right, opening, length;
} Habits;

static Habits habits_of(const AdaptWorld *w, const Model *m, int count, Rng rng) {
    Instructions from = instructions_for_test(&w->story, kinds[0]);
    Questions q = questions_new(&from, &w->sft.chat, count, rng);
    Rollout *answers = allocate((size_t)count, sizeof *answers);
    Habits h = {0};
    Error err;
    if (!questions_answer(answers, &q, m, &w->sft.chat, 1, rng, &err))
        die("%s", err.text);
    for (int i = 0; i < count; i++) {
        const Exchange *e = &answers[i].exchange;
        char *text = chat_text(&w->sft.chat, e->ids + e->prompt, e->length - e->prompt);
        char *content = allocate(strlen(text) + 1, 1);
        h.opening += (gold_content(content, text).opening > 0) / (double)count;
        h.right += (questions_reward(&q, i, &w->sft.chat, e) > 0) / (double)count;
        h.length += exchange_counted(e) / (double)count;
        free(text), free(content), rollout_free(&answers[i]);
    }
    free(answers), questions_free(&q);
    return h;
}

static void print_habits(Lab *lab, const char *when, Habits h) {
    lab_print(lab, "%s: at temperature 1 %.3f right, %.3f with an opening, %.2f tokens",
              when, h.right, h.opening, h.length);
}

// ---- GRPO

static GrpoSettings settings_of(const Lab *lab) {
    GrpoSettings s = grpo_defaults();
    s.prompts = (int)option_int(&lab->args, "prompts", 1, 10000);
    s.size = (int)option_int(&lab->args, "group", 2, 10000);
    s.advantages = (GroupKind)option_choice(&lab->args, "advantages", group_names());
    return s;
}

static void improve(Lab *lab, const AdaptWorld *w, Model *m, const Model *reference) {
    int steps = (int)option_int(&lab->args, "steps", 1, 100000),
        count = (int)option_int(&lab->args, "count", 10, 100000);
    double rate = option_real(&lab->args, "rate", 1e-6, 1);
    GrpoSettings s = settings_of(lab);
    Instructions from = instructions_for_training(&w->story);
    from.turns = 1, from.systems = 0;
    for (int k = 0; k < TASK_KINDS; k++) from.share[k] = k == (int)kinds[0];
    Rng rng = rng_split(&lab->rng, 2);
    Ppo p = grpo_new(m, reference, &s);
    Plot *plot = plot_new(lab, "verifiable", "step right equal held_out kl");
    plot_row(plot, 0, NAN, NAN, adapt_right(w, m, kinds, count, rng), NAN);
    for (int k = 0; k < steps; k++) {
        GrpoStep at;
        Error err;
        Rng own = rng_split(&rng, (uint64_t)k);
        Questions asked =
            questions_new(&from, &w->sft.chat, s.prompts, rng_split(&own, 0));
        if (!grpo_batch(&p, &s, &asked, &w->sft.chat, rng_split(&own, 1),
                        rate * (1 - (double)k / steps), &at, &err))
            die("%s", err.text);
        questions_free(&asked);
        double held_out = (k + 1) % 5 == 0 || k + 1 == steps
                              ? adapt_right(w, m, kinds, count, rng)
                              : NAN;
        plot_row(plot, k + 1, at.reward, at.equal, held_out, at.kl);
        lab_progress_value(lab, k + 1, steps, "right", at.reward);
    }
    plot_axes(plot, "step of GRPO", "share");
    plot_set(plot, "yrange [0:1.02]");
    plot_dashes(plot, "step", "equal",
                "groups whose answers are all right or all wrong");
    plot_line(plot, "step", "right", "right, its own answers");
    plot_points(plot, "step", "held_out", "right, held-out questions, greedy");
    plot_end(plot);
    ppo_free(&p);
}

static void run(Lab *lab) {
    static AdaptWorld w;
    static Model m, reference;
    int count = (int)option_int(&lab->args, "count", 10, 100000);
    adapt_open(&w, option_text(&lab->args, "checkpoint"));
    policy_copy(&m, &w.sft.model), params_allocate_grads(&m.params);
    adapt_lesson(&w, &m, kinds, option_real(&lab->args, "begin", 0, 1), count,
                 rng_split(&lab->rng, 0), lab->seed);
    policy_copy(&reference, &m);
    Rng rng = rng_split(&lab->rng, 1);
    double before = adapt_right(&w, &m, kinds, count, rng);
    print_habits(lab, "before", habits_of(&w, &m, count, rng));
    improve(lab, &w, &m, &reference);
    double after = adapt_right(&w, &m, kinds, count, rng);
    print_habits(lab, "after", habits_of(&w, &m, count, rng));
    if (lab_at_defaults(lab)) {
        // broken off at .55 of other questions: three standard errors of 200 are .1
        claim_near(lab, "5.110", "right when the lesson is broken off", 0.6, before,
                   0.1);
        claim_at_least(lab, "5.111", "right after GRPO", 0.9, after);
    }
    model_free(&m), model_free(&reference), adapt_close(&w);
}

const LabSpec lab_verifiable = {"verifiable", "5.13", "A reward that can be checked",
                                run, options};
