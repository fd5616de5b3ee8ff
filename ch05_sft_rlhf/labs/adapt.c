#include "ch05_sft_rlhf/labs/adapt.h"

#include <stdlib.h>

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
