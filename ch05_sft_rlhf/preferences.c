#include "ch05_sft_rlhf/preferences.h"

#include <stdlib.h>

static bool encode_prompt(const ChatTemplate *c, const Example *e, Ids *ids,
                          Error *err) {
    bool ok = true;
    for (int i = 0; ok && i < e->count; i++) {
        const Message *m = &e->messages[i];
        switch (m->speaker) {
            case SPEAKER_SYSTEM: ok = chat_system(c, m->text, ids, err); break;
            case SPEAKER_USER: ok = chat_question(c, m->text, ids, err); break;
            case SPEAKER_ASSISTANT: ok = chat_answer(c, m->text, ids, err); break;
            case SPEAKERS: break;
        }
    }
    return ok;
}

static bool fits(const Ids *prompt, const Ids *answer, int context, const Examples *of,
                 const Example *e, Error *err) {
    if (prompt->size >= (size_t)context)
        return example_error(of, e->line, err,
                             "a prompt of %zu tokens: the model reads %d, its answer "
                             "included",
                             prompt->size, context);
    if (prompt->size + answer->size > (size_t)context)
        return example_error(of, e->line, err,
                             "a prompt of %zu tokens and an answer of %zu: the model "
                             "reads %d",
                             prompt->size, answer->size, context);
    return true;
}

bool example_exchange(Exchange *to, const ChatTemplate *c, const Examples *of,
                      const Example *e, const char *answer, int context, Error *err) {
    Ids prompt = {0}, said = {0};
    Error why = {0};
    bool ok = encode_prompt(c, e, &prompt, &why) && chat_answer(c, answer, &said, &why);
    if (!ok) example_error(of, e->line, err, "%s", why.text);
    ok = ok && fits(&prompt, &said, context, of, e, err);
    // what chat_answer ends with is END, which exchange_of adds itself
    if (ok)
        *to = exchange_of(prompt.at, (int)prompt.size, said.at, (int)said.size - 1,
                          c->end, true);
    free(prompt.at), free(said.at);
    return ok;
}

bool example_conversation(Conversation *to, const Examples *of, const Example *e,
                          Error *err) {
    *to = (Conversation){0};
    for (int i = 0; i < e->count; i++) {
        const Message *m = &e->messages[i];
        if (m->speaker == SPEAKER_SYSTEM) text_add(&to->system, "%s", m->text);
        if (m->speaker == SPEAKER_ASSISTANT)
            text_add(&to->turns[to->count - 1].answer, "%s", m->text);
        if (m->speaker != SPEAKER_USER) continue;
        if (to->count == TURNS_MOST) {
            conversation_free(to);
            return example_error(of, e->line, err,
                                 "more than %d questions in a conversation",
                                 TURNS_MOST);
        }
        text_add(&to->turns[to->count++].question, "%s", m->text);
    }
    text_add(&to->turns[to->count - 1].answer, "%s", e->answer);
    return true;
}

bool preferences_of(Preferences *p, const ChatTemplate *c, const Examples *of,
                    int context, double margin, int head, Error *err) {
    *p = (Preferences){0};
    if (!of->preferences)
        return error_set(err,
                         "%.80s: answers: expected preferences, with chosen and "
                         "rejected",
                         of->path);
    p->exchanges = allocate(2 * of->count, sizeof *p->exchanges);
    p->pairs = allocate(of->count, sizeof *p->pairs);
    for (size_t i = 0; i < of->count; i++) {
        const Example *e = &of->list[i];
        Exchange *x = &p->exchanges[2 * i];
        p->count = (int)i + 1;
        if (!example_exchange(&x[0], c, of, e, e->answer, context, err)
            || !example_exchange(&x[1], c, of, e, e->rejected, context, err)) {
            preferences_free(p);
            return false;
        }
        p->pairs[i] = (RewardPair){&x[0], &x[1], margin * e->strength, head};
    }
    return true;
}

void preferences_free(Preferences *p) {
    for (int i = 0; i < 2 * p->count; i++) exchange_free(&p->exchanges[i]);
    free(p->exchanges), free(p->pairs);
    *p = (Preferences){0};
}
