// Dialogues: what the cache holds is what the whole conversation gives, and what is
// forgotten is the oldest.
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/published.h"
#include "ch05_sft_rlhf/dialogue.h"

enum { CONTEXT = 96 };

static void assistant_new(Assistant *a) {
    Error err;
    Documents d;
    const char *text = " Anna has the kite. Tom has the kite. Who has the kite?";
    *a = (Assistant){.stage = STAGE_SFT, .made = strdup("")};
    documents_of(&d, text, strlen(text));
    cr_assert(chat_tokenizer(&a->tokenizer, &d, 290, &err), "%s", err.text);
    documents_free(&d);
    cr_assert(chat_template_of(&a->chat, &a->tokenizer, &err));
    Config c = config_small_llama(a->tokenizer.size, CONTEXT, 16, 1, 2, 2);
    c.init = INIT_XAVIER;
    Rng rng = rng_new(1);
    cr_assert(model_new(&a->model, &c, &err));
    model_allocate(&a->model, &rng);
}

static int forgotten;
static char first_forgotten[64];
static void forgets(const Exchanged *turn) {
    if (!forgotten++)
        snprintf(first_forgotten, sizeof first_forgotten, "%s", turn->question);
}

static void answer(Dialogue *d) {
    bool finished;
    while (dialogue_answer(d, &finished)) continue;
}

// The tokens a dialogue would have written, each from a pass over all that came before.
static void check_greedy(const Assistant *a, const Dialogue *d) {
    Ids all = {0};
    const Exchanged *last = &d->turns[d->count - 1];
    for (size_t i = 0; i < d->system.size; i++) ids_append(&all, d->system.at[i]);
    for (int t = 0; t < d->count; t++)
        for (size_t i = 0; i < d->turns[t].ids.size; i++)
            ids_append(&all, d->turns[t].ids.at[i]);
    size_t start = all.size - last->ids.size;
    while (all.at[start] != a->chat.assistant) start++;
    Tape *t = tape_new((Params *)&a->model.params);
    Tokens in = {.batch = 1, .time = (int)all.size, .tokens = all.at};
    Mat logits = model_logits(t, &a->model, model_hidden(t, &a->model, &in))->value;
    // the last END may have been put there because there was no more room
    for (size_t i = start; i + 2 < all.size; i++) {
        double most = -1e30;
        for (int k = 0; k < logits.cols; k++)
            if ((double)*mat_at(logits, (int)i, k) > most)
                most = (double)*mat_at(logits, (int)i, k);
        cr_assert_float_eq((double)*mat_at(logits, (int)i, all.at[i + 1]), most, 1e-4);
    }
    tape_free(t), free(all.at);
}

Test(dialogue, the_cache_says_what_the_whole_says) {
    static Assistant a;
    Dialogue d;
    Error err;
    assistant_new(&a);
    cr_assert(dialogue_new(&d, &a, 0, rng_new(1), &err), "%s", err.text);
    cr_assert(dialogue_begin(&d, "Be brief.", &err), "%s", err.text);
    forgotten = 0;
    static const char *const questions[] = {"Who has the kite?", "Tom?", "Anna has it.",
                                            "Who has it?", "Where?"};
    for (int i = 0; i < 5; i++) {
        cr_assert(dialogue_ask(&d, questions[i], forgets, &err), "%s", err.text);
        answer(&d);
        check_greedy(&a, &d);
        int size = (int)d.system.size;
        for (int k = 0; k < d.count; k++) size += (int)d.turns[k].ids.size;
        cr_assert_leq(size, CONTEXT);
    }
    cr_assert(forgotten >= 1 && forgotten <= 4, "%d", forgotten);
    cr_assert_str_eq(first_forgotten, questions[0]);
    cr_assert_eq(d.count, 5 - forgotten);
    dialogue_free(&d), assistant_free(&a);
}

Test(dialogue, what_is_too_long_changes_nothing) {
    static Assistant a;
    Dialogue d;
    Error err;
    char text[400];
    assistant_new(&a);
    memset(text, 'x', sizeof text), text[sizeof text - 1] = '\0';
    cr_assert(dialogue_new(&d, &a, 0, rng_new(1), &err));
    cr_assert(dialogue_begin(&d, "", &err));
    cr_assert(dialogue_ask(&d, "Who?", forgets, &err));
    answer(&d);
    int before = d.count;
    cr_assert(!dialogue_ask(&d, text, forgets, &err));
    cr_assert(strstr(err.text, "there is room for"), "%s", err.text);
    cr_assert(!dialogue_begin(&d, text, &err));
    cr_assert_eq(d.count, before);
    dialogue_free(&d), assistant_free(&a);
}

// An answer that is stopped is ended, and the next question is answered after it.
Test(dialogue, stopped) {
    static Assistant a;
    Dialogue d;
    Error err;
    bool finished;
    assistant_new(&a);
    cr_assert(dialogue_new(&d, &a, 0, rng_new(1), &err));
    cr_assert(dialogue_begin(&d, "", &err));
    cr_assert(dialogue_ask(&d, "Who?", forgets, &err));
    if (dialogue_answer(&d, &finished)) dialogue_stop(&d);
    const Ids *ids = &d.turns[0].ids;
    cr_assert_eq(ids->at[ids->size - 1], a.chat.end);
    cr_assert(dialogue_ask(&d, "Tom?", forgets, &err));
    answer(&d);
    check_greedy(&a, &d);
    dialogue_free(&d), assistant_free(&a);
}
