#include "ch05_sft_rlhf/assess.h"

#include <stdlib.h>

// `count` questions of one source.
static bool assess_source(Marks *to, const Model *m, const ChatTemplate *chat,
                          const Instructions *from, int count, double temperature,
                          Rng rng, Error *err) {
    Questions q = questions_new(from, chat, count, rng);
    Rollout *answers = allocate((size_t)count, sizeof *answers);
    bool ok = questions_answer(answers, &q, m, chat, temperature, rng, err);
    for (int i = 0; i < count; i++) {
        double reward = ok ? questions_reward(&q, i, chat, &answers[i].exchange) : 0;
        to->asked++;
        to->ended += answers[i].exchange.finished;
        to->right += reward > 0;
        to->reward += reward;
        rollout_free(&answers[i]);
    }
    free(answers), questions_free(&q);
    return ok;
}

bool assess(Marks *to, const Model *m, const ChatTemplate *chat, const Story *story,
            const bool *kinds, int count, double temperature, Rng rng, Error *err) {
    bool ok = true;
    for (int k = 0; k < TASK_KINDS && ok; k++) {
        to[k] = (Marks){0};
        if (kinds && !kinds[k]) continue;
        Instructions from = instructions_for_test(story, (TaskKind)k);
        ok = assess_source(&to[k], m, chat, &from, count, temperature,
                           rng_split(&rng, (uint64_t)k), err);
    }
    return ok;
}

// Conversations of exactly so many turns, and a tale in each.
static Instructions instructions_of_stories(const Story *story, int stories) {
    Instructions from = instructions_for_training(story);
    for (int k = 0; k < TASK_KINDS; k++)
        if (!tasks[k].of_tale) from.share[k] = 0;
    from.turns_least = from.turns = stories;
    from.new_tales = 1, from.systems = 0, from.held_out = true;
    return from;
}

bool assess_stories(Marks *to, const Model *m, const ChatTemplate *chat,
                    const Story *story, int stories, int count, double temperature,
                    Rng rng, Error *err) {
    bool ok = true;
    for (int k = 0; k < stories && ok; k++) {
        Instructions from = instructions_of_stories(story, k + 1);
        to[k] = (Marks){0};
        ok = assess_source(&to[k], m, chat, &from, count, temperature,
                           rng_split(&rng, (uint64_t)k), err);
    }
    return ok;
}
