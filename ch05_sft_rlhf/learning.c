#include "ch05_sft_rlhf/learning.h"

#include <assert.h>

#include "ch05_sft_rlhf/assess.h"
#include "ch05_sft_rlhf/curriculum.h"

static double share(const Marks *m) { return (double)m->right / m->asked; }

static void look(Learning *l) {
    Marks kinds[TASK_KINDS], stories[LEARNING_STORIES];
    Error err;
    Rng rng = rng_new(l->seed);
    if (!assess(kinds, l->model, l->chat, l->story, NULL, l->count, 0, rng, &err)
        || !assess_stories(stories, l->model, l->chat, l->story, LEARNING_STORIES,
                           l->count, 0, rng, &err))
        die("%s", err.text);
    double right[TASK_KINDS];
    for (int k = 0; k < TASK_KINDS; k++)
        right[k] = l->right[k][l->points] = share(&kinds[k]);
    if (l->asked) curriculum_follow(l->asked, right);
    for (int k = 0; k < LEARNING_STORIES; k++)
        l->of_story[k][l->points] = share(&stories[k]);
    l->points++;
}

void learning_step(void *self, long long step, long long steps, double loss) {
    Learning *l = self;
    if (l->watch) l->watch(l->watch_self, step, steps, loss);
    // the step that completes one more of `looks` equal parts
    if (step * l->looks / steps == (step - 1) * l->looks / steps) return;
    assert(l->points < LEARNING_POINTS);
    l->tokens[l->points] = (double)step * l->step_tokens;
    look(l);
}

Learning learning_of(const Model *m, SftData *d, const StagePlan *plan,
                     StageProgress *watch, void *watch_self) {
    return (Learning){.model = m,
                      .chat = &d->chat,
                      .story = d->from.story,
                      .count = LEARNING_COUNT,
                      .looks = LEARNING_LOOKS,
                      .step_tokens = plan->batch * plan->time,
                      .seed = plan->seed,
                      .asked = plan->shares == SHARES_FOLLOW ? &d->from : NULL,
                      .watch = watch,
                      .watch_self = watch_self};
}

int learning_learnt_at(const double *right, int points) {
    const double LEARNT = 0.95;
    for (int i = 0; i + 1 < points; i++)
        if (right[i] >= LEARNT && right[i + 1] >= LEARNT) return i;
    return -1;
}
