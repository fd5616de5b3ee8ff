// Rejection sampling: draw, keep what is right, learn from it. Lecture, section 5.14.
//
// The assistant has half learnt a kind of question, as in `verifiable`. It may draw 384
// answers: one to each of 384 questions, or four to each of 96, or sixteen to each of
// 24. Of each question one right answer is kept, if there is one, and learnt like a
// demonstration.
#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/labs/defaults.h"
#include "ch04_pretrain/objective.h"
#include "ch05_sft_rlhf/assess.h"
#include "ch05_sft_rlhf/labs/adapt.h"
#include "ch05_sft_rlhf/learner.h"
#include "ch05_sft_rlhf/policy.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"answers", "384", "that are drawn"},
    {"steps", "12", "of training on those that are kept"},
    {"rate", "1e-3", "the learning rate at the beginning"},
    {"begin", "0.55", "share of right answers at which the lesson is broken off"},
    {"count", "200", "held-out questions"},
    {"checkpoint", "", "another fine-tuned model"},
    {0}};

static const TaskKind kinds[] = {TASK_LAST, TASK_KINDS};
enum { WAYS = 3 };
static const int depths[WAYS] = {1, 4, 16};  // answers to each question

typedef struct {
    AdaptWorld world;
    Model begun;  // half taught
    Rng rng;
} Setup;

// The first right answer to each question that has one: to[questions]; how many.
static int keep(Exchange *to, const Setup *s, const Model *m, int questions,
                int depth) {
    Error err;
    Instructions from = instructions_for_training(&s->world.story);
    const ChatTemplate *chat = &s->world.sft.chat;
    from.turns = 1, from.systems = 0;
    for (int k = 0; k < TASK_KINDS; k++) from.share[k] = k == (int)kinds[0];
    Questions asked = questions_new(&from, chat, questions, rng_split(&s->rng, 10)),
              q = questions_repeat(&asked, depth);
    Rollout *answers = allocate((size_t)q.count, sizeof *answers);
    if (!questions_answer(answers, &q, m, chat, 1, rng_split(&s->rng, 11), &err))
        die("%s", err.text);
    int kept = 0;
    for (int i = 0, last = -1; i < q.count; i++) {
        Exchange *e = &answers[i].exchange;
        if (i / depth != last && questions_reward(&q, i, chat, e) > 0) {
            to[kept++] = *e, *e = (Exchange){0};
            last = i / depth;
        }
        rollout_free(&answers[i]);
    }
    free(answers), questions_repeat_free(&q), questions_free(&asked);
    return kept;
}

static void learn(Model *m, const Exchange *from, int count, long long steps,
                  double rate, Rng rng) {
    enum { ROWS = 16 };
    Learner l = learner_new(
        m, (LearnerSettings){
               .rate = rate, .last_rate = rate / 100, .steps = steps, .clip = 1});
    while (count && l.step < steps) {
        const Exchange *list[ROWS];
        for (int i = 0; i < ROWS; i++) list[i] = &from[rng_below(&rng, count)];
        Batch b = exchange_batch(list, ROWS);
        learner_step(&l, objective_loss(l.tape, m, &b));
        batch_free(&b);
    }
    learner_free(&l);
}

static double right_after(Lab *lab, const Setup *s, int depth, int *kept) {
    static Model m;
    int questions = (int)option_int(&lab->args, "answers", 16, 1000000) / depth;
    Exchange *own = allocate((size_t)questions, sizeof *own);
    policy_copy(&m, &s->begun), params_allocate_grads(&m.params);
    *kept = keep(own, s, &m, questions, depth);
    learn(&m, own, *kept, option_int(&lab->args, "steps", 1, 100000),
          option_real(&lab->args, "rate", 1e-6, 1), rng_split(&s->rng, 12));
    double right = adapt_right(&s->world, &m, kinds,
                               (int)option_int(&lab->args, "count", 10, 100000),
                               rng_split(&s->rng, 1));
    for (int i = 0; i < *kept; i++) exchange_free(&own[i]);
    free(own), model_free(&m);
    return right;
}

static void run(Lab *lab) {
    static Setup s;
    int count = (int)option_int(&lab->args, "count", 10, 100000);
    adapt_open(&s.world, option_text(&lab->args, "checkpoint"));
    s.rng = lab->rng;
    policy_copy(&s.begun, &s.world.sft.model), params_allocate_grads(&s.begun.params);
    adapt_lesson(&s.world, &s.begun, kinds, option_real(&lab->args, "begin", 0, 1),
                 count, rng_split(&s.rng, 0), lab->seed);
    double before = adapt_right(&s.world, &s.begun, kinds, count, rng_split(&s.rng, 1));
    Plot *p = plot_new(lab, "rejection", "depth right before kept");
    double least = 1;
    for (int k = 0; k < WAYS; k++) {
        int kept;
        double right = right_after(lab, &s, depths[k], &kept);
        least = fmin(least, right);
        lab_print(lab,
                  "%2d answers to each question: %3d kept, right %.3f, before %.3f",
                  depths[k], kept, right, before);
        plot_row(p, depths[k], right, before, kept);
        lab_progress(lab, k + 1, WAYS);
    }
    if (lab_at_defaults(lab))
        // three standard errors of a share of 200 at one half, as if questions were
        // others
        claim_at_least(lab, "5.123", "right after, less before, least of three ways",
                       3 * 0.5 / sqrt(count), least - before);
    plot_axes(p, "answers to each question",
              "share of right answers, held-out questions");
    plot_set(p, "logscale x 2"), plot_set(p, "xrange [0.8:20]"),
        plot_set(p, "yrange [0:1.02]");
    plot_dashes(p, "depth", "before", "before");
    plot_points(p, "depth", "right", "after learning from what was right");
    plot_end(p);
    model_free(&s.begun), adapt_close(&s.world);
}

const LabSpec lab_rejection = {"rejection", "5.14",
                               "Draw, keep what is right, learn from it", run, options};
