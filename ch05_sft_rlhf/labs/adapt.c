#include "ch05_sft_rlhf/labs/adapt.h"

#include <stdlib.h>

#include "ch04_pretrain/objective.h"
#include "ch05_sft_rlhf/assess.h"
#include "ch05_sft_rlhf/learner.h"
#include "common/program/program.h"

void adapt_open(AdaptWorld *w, const char *path) {
    Error err;
    char *own = path[0] ? NULL : repository_file("ch05_sft_rlhf/assistant.ckpt");
    if (!path[0] && !own) die("ch05_sft_rlhf/assistant.ckpt is not there");
    if (!assistant_load_stage(&w->sft, own ? own : path, (Stage[]){STAGE_SFT, STAGES},
                              &err))
        die("%s", err.text);
    free(own);
    w->story = story_new();
}

void adapt_close(AdaptWorld *w) { assistant_free(&w->sft), story_free(&w->story); }

SftData adapt_data(const AdaptWorld *w, const StagePlan *plan, const TaskKind *kinds) {
    SftData d = stage_sft_data(&w->sft.chat, &w->story, plan);
    d.from.turns = 1, d.from.systems = 0;
    for (int k = 0; k < TASK_KINDS; k++) d.from.share[k] = 0;
    for (; *kinds != TASK_KINDS; kinds++) d.from.share[*kinds] = 1;
    return d;
}

double adapt_right(const AdaptWorld *w, const Model *m, const TaskKind *kinds,
                   int count, Rng rng) {
    bool asked[TASK_KINDS] = {false};
    Marks marks[TASK_KINDS];
    Error err;
    int n = 0, right = 0;
    for (; *kinds != TASK_KINDS; kinds++) asked[*kinds] = true;
    if (!assess(marks, m, &w->sft.chat, &w->story, asked, count, 0, rng, &err))
        die("%s", err.text);
    for (int k = 0; k < TASK_KINDS; k++) n += marks[k].asked, right += marks[k].right;
    return (double)right / n;
}

void adapt_lesson(const AdaptWorld *w, Model *m, const TaskKind *kinds, double until,
                  int count, Rng rng, uint64_t seed) {
    enum { ROWS = 8, MOST = 240 };
    StagePlan plan = stage_plan_usual;
    plan.seed = seed, plan.time = 96;
    SftData d = adapt_data(w, &plan, kinds);
    Batch b = sft_batch_new(&d, ROWS);
    Learner l = learner_new(m, (LearnerSettings){.rate = 1.5e-4, .clip = 1});
    while (l.step < MOST) {
        sft_fill(&b, &d, l.step * ROWS);
        learner_step(&l, objective_loss(l.tape, m, &b));
        if (adapt_right(w, m, kinds, count, rng) >= until) break;
    }
    batch_free(&b), learner_free(&l);
}
