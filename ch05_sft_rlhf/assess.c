#include "ch05_sft_rlhf/assess.h"

#include <stdlib.h>

static bool assess_kind(Marks *to, const Model *m, const ChatTemplate *chat,
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
        ok = assess_kind(&to[k], m, chat, &from, count, temperature,
                         rng_split(&rng, (uint64_t)k), err);
    }
    return ok;
}
