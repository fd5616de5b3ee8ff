#include "ch05_sft_rlhf/questions.h"

#include <stdlib.h>

#include "ch03_transformer/infer_of_model.h"

enum { ANSWER_MOST = 48 };

Questions questions_from(Conversation *list, int count, const ChatTemplate *chat) {
    size_t n = (size_t)count;
    Questions q = {.list = list,
                   .ids = allocate(n, sizeof *q.ids),
                   .prompts = allocate(n, sizeof *q.prompts),
                   .count = count};
    for (int i = 0; i < count; i++) {
        chat_prompt(chat, &q.list[i], q.list[i].count - 1, &q.ids[i]);
        q.prompts[i] = (Prompt){q.ids[i].at, (int)q.ids[i].size};
    }
    return q;
}

Questions questions_new(const Instructions *from, const ChatTemplate *chat, int count,
                        Rng rng) {
    Conversation *list = allocate((size_t)count, sizeof *list);
    for (int i = 0; i < count; i++) {
        Rng own = rng_split(&rng, (uint64_t)i);
        list[i] = instruct(from, &own);
    }
    return questions_from(list, count, chat);
}

Questions questions_repeat(const Questions *q, int times) {
    size_t n = (size_t)q->count * (size_t)times;
    Questions v = {.list = allocate(n, sizeof *v.list),
                   .prompts = allocate(n, sizeof *v.prompts),
                   .count = (int)n};
    for (int i = 0; i < v.count; i++)
        v.list[i] = q->list[i / times], v.prompts[i] = q->prompts[i / times];
    return v;
}

void questions_repeat_free(Questions *view) {
    free(view->list), free(view->prompts);
    *view = (Questions){0};
}

const Turn *questions_turn(const Questions *q, int i) {
    const Conversation *c = &q->list[i];
    return &c->turns[c->count - 1];
}

void questions_free(Questions *q) {
    for (int i = 0; i < q->count; i++)
        conversation_free(&q->list[i]), free(q->ids[i].at);
    free(q->list), free(q->ids), free(q->prompts);
    *q = (Questions){0};
}

// Three tales need some 200 tokens.
static bool fit(const Questions *q, int context, Error *err) {
    for (int i = 0; i < q->count; i++)
        if (q->prompts[i].count >= context)
            return error_set(err, "a question of %d tokens: the model reads %d",
                             q->prompts[i].count, context);
    return true;
}

bool questions_answer(Rollout *to, const Questions *q, const Model *m,
                      const ChatTemplate *chat, double temperature, Rng rng,
                      Error *err) {
    InferModel view;
    if (!fit(q, m->config.context, err)) return false;
    if (!infer_of_model(&view, m, err)) return false;
    RolloutSettings s = {chat->end, ANSWER_MOST, 0, temperature, rng};
    bool ok = rollouts(to, &view, q->prompts, q->count, &s, NULL, err);
    infer_model_free(&view);
    return ok;
}

double questions_reward(const Questions *q, int i, const ChatTemplate *chat,
                        const Exchange *answer) {
    char *text =
        chat_text(chat, answer->ids + answer->prompt, answer->length - answer->prompt);
    double reward =
        gold_reward(text, answer->finished, questions_turn(q, i)->exact.data);
    free(text);
    return reward;
}
