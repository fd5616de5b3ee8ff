#include "ch05_sft_rlhf/dialogue.h"

#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/infer_of_model.h"
#include "ch03_transformer/sample.h"
#include "common/numeric/small.h"

enum { ANSWER_MOST = 64 };

static void append(Ids *to, const Ids *from) {
    for (size_t i = 0; i < from->size; i++) ids_append(to, from->at[i]);
}

bool dialogue_new(Dialogue *d, const Assistant *with, double temperature, Rng rng,
                  Error *err) {
    *d = (Dialogue){.with = with, .temperature = temperature, .rng = rng};
    int context = with->model.config.context;
    d->answer_most = int_min(ANSWER_MOST, context / 2);
    if (!infer_of_model(&d->view, &with->model, err)) return false;
    if (inference_new(&d->state, &d->view, context, err)) return true;
    infer_model_free(&d->view);
    return false;
}

static void turn_free(Exchanged *t) {
    free(t->ids.at), free(t->question);
    *t = (Exchanged){0};
}

static void clear(Dialogue *d) {
    for (int i = 0; i < d->count; i++) turn_free(&d->turns[i]);
    d->count = 0, d->read.size = 0, d->system.size = 0;
    inference_clear(&d->state);
}

void dialogue_free(Dialogue *d) {
    clear(d);
    inference_free(&d->state), infer_model_free(&d->view);
    free(d->turns), free(d->read.at), free(d->system.at);
    *d = (Dialogue){0};
}

static int room(const Dialogue *d) { return d->state.capacity - d->answer_most; }

bool dialogue_begin(Dialogue *d, const char *system, Error *err) {
    Ids ids = {0};
    if (system[0] && !chat_system(&d->with->chat, system, &ids, err)) return false;
    if ((int)ids.size > room(d) / 2) {
        error_set(err, "a system line of %zu tokens: there is room for %d", ids.size,
                  room(d) / 2);
        return free(ids.at), false;
    }
    clear(d);
    append(&d->system, &ids);
    return free(ids.at), true;
}

// All that the model is to read, turns and system line.
static void whole(const Dialogue *d, Ids *ids) {
    append(ids, &d->system);
    for (int i = 0; i < d->count; i++) append(ids, &d->turns[i].ids);
}

static int whole_size(const Dialogue *d) {
    size_t size = d->system.size;
    for (int i = 0; i < d->count; i++) size += d->turns[i].ids.size;
    return (int)size;
}

static void forget_oldest(Dialogue *d, void (*forgets)(const Exchanged *turn)) {
    if (forgets) forgets(&d->turns[0]);
    turn_free(&d->turns[0]);
    d->count--;
    memmove(d->turns, d->turns + 1, (size_t)d->count * sizeof *d->turns);
    d->read.size = 0;  // what comes after it stands elsewhere now
    inference_clear(&d->state);
}

bool dialogue_ask(Dialogue *d, const char *question,
                  void (*forgets)(const Exchanged *turn), Error *err) {
    Exchanged turn = {.question = strdup(question)};
    if (!chat_question(&d->with->chat, question, &turn.ids, err))
        return turn_free(&turn), false;
    if ((int)(d->system.size + turn.ids.size) > room(d)) {
        error_set(err, "%zu tokens: there is room for %d", turn.ids.size,
                  room(d) - (int)d->system.size);
        return turn_free(&turn), false;
    }
    while (d->count && whole_size(d) + (int)turn.ids.size > room(d))
        forget_oldest(d, forgets);
    reserve(d->turns, d->capacity, (size_t)d->count + 1);
    d->turns[d->count++] = turn;
    return true;
}

// What was not read yet goes through the model; the logits of the next token.
static void read_on(Dialogue *d, Mat logits) {
    Ids all = {0};
    whole(d, &all);
    infer(&d->state, all.at + d->read.size, (int)(all.size - d->read.size), logits);
    while (d->read.size < all.size) ids_append(&d->read, all.at[d->read.size]);
    free(all.at);
}

static int choose(Dialogue *d) {
    Mat logits = mat_new(1, d->view.vocab);
    read_on(d, logits);
    int token = -1;
    if (infer_finite(&d->state, NULL))
        token = d->temperature == 0 ? token_greedy(logits)
                                    : token_sample(logits, d->temperature, 1, &d->rng);
    mat_free(logits);
    return token;
}

const char *dialogue_answer(Dialogue *d, bool *finished) {
    static char text[256];
    Exchanged *turn = &d->turns[d->count - 1];
    *finished = false;
    if (whole_size(d) == d->state.capacity - 1) return dialogue_stop(d), NULL;
    int token = choose(d);
    if (token < 0) return dialogue_stop(d), NULL;
    ids_append(&turn->ids, token);
    *finished = token == d->with->chat.end;
    if (*finished) return NULL;
    size_t size = 0;
    const char *bytes = token_bytes(&d->with->tokenizer, token, &size);
    size = size_min(size, sizeof text - 1);
    if (size) memcpy(text, bytes, size);
    text[size] = '\0';
    return text;
}

void dialogue_stop(Dialogue *d) {
    Exchanged *turn = &d->turns[d->count - 1];
    ids_append(&turn->ids, d->with->chat.end);
}
