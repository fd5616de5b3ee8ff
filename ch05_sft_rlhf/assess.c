#include "ch05_sft_rlhf/assess.h"

#include <stdlib.h>

#include "ch03_transformer/infer_of_model.h"

enum { ANSWER_MOST = 48 };

static void mark(Marks *to, const ChatTemplate *chat, const Turn *turn,
                 const Exchange *e) {
    char *text = chat_text(chat, e->ids + e->prompt, e->length - e->prompt);
    to->asked++;
    to->ended += e->finished;
    to->right += gold_is_right(text, e->finished, turn->exact.data);
    to->reward += gold_reward(text, e->finished, turn->exact.data);
    free(text);
}

static bool assess_kind(Marks *to, const InferModel *m, const ChatTemplate *chat,
                        const Instructions *from, int count, double temperature,
                        Rng rng, Error *err) {
    Conversation *asked = allocate((size_t)count, sizeof *asked);
    Ids *ids = allocate((size_t)count, sizeof *ids);
    Prompt *prompts = allocate((size_t)count, sizeof *prompts);
    Rollout *answers = allocate((size_t)count, sizeof *answers);
    for (int i = 0; i < count; i++) {
        Rng own = rng_split(&rng, (uint64_t)i);
        asked[i] = instruct(from, &own);
        chat_prompt(chat, &asked[i], 0, &ids[i]);
        prompts[i] = (Prompt){ids[i].at, (int)ids[i].size};
    }
    RolloutSettings s = {chat->end, ANSWER_MOST, 0, temperature, rng};
    bool ok = rollouts(answers, m, prompts, count, &s, NULL, err);
    for (int i = 0; i < count; i++) {
        if (ok) mark(to, chat, &asked[i].turns[0], &answers[i].exchange);
        rollout_free(&answers[i]), conversation_free(&asked[i]), free(ids[i].at);
    }
    free(asked), free(ids), free(prompts), free(answers);
    return ok;
}

bool assess(Marks *to, const Model *m, const ChatTemplate *chat, const Story *story,
            const bool *kinds, int count, double temperature, Rng rng, Error *err) {
    InferModel view;
    if (!infer_of_model(&view, m, err)) return false;
    bool ok = true;
    for (int k = 0; k < TASK_KINDS && ok; k++) {
        to[k] = (Marks){0};
        if (kinds && !kinds[k]) continue;
        Instructions from = instructions_for_test(story, (TaskKind)k);
        ok = assess_kind(&to[k], &view, chat, &from, count, temperature,
                         rng_split(&rng, (uint64_t)k), err);
    }
    infer_model_free(&view);
    return ok;
}
