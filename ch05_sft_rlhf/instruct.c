#include "ch05_sft_rlhf/instruct.h"

#include <stdlib.h>

enum { TALE_WORDS_USUAL = 36 };

void conversation_free(Conversation *c) {
    for (int i = 0; i < c->count; i++)
        free(c->turns[i].question.data), free(c->turns[i].exact.data),
            free(c->turns[i].answer.data);
    free(c->system.data);
    *c = (Conversation){0};
}

Instructions instructions_for_training(const Story *s) {
    Instructions from = {
        .story = s, .turns = 3, .tale_words = TALE_WORDS_USUAL, .systems = 0.25};
    for (int k = 0; k < TASK_KINDS; k++) from.share[k] = tasks[k].share;
    return from;
}

Instructions instructions_for_test(const Story *s, TaskKind kind) {
    Instructions from = {
        .story = s, .turns = 1, .tale_words = TALE_WORDS_USUAL, .held_out = true};
    from.share[kind] = 1;
    return from;
}

// A question of this kind about this tale, on the right side of the split. False: there
// was none in a few tries; of those with one form only there may be none.
static bool ask(Question *q, const Instructions *from, TaskKind kind, const Tale *tale,
                Rng *rng) {
    enum { TRIES = 4 };
    for (int i = 0; i < TRIES; i++) {
        *q = task_question(kind, tale, rng);
        if (question_is_held_out(q, tale) == from->held_out) return true;
        question_free(q);
    }
    return false;
}

static Turn turn_of(Manners manners, Question *q, const Tale *told) {
    Turn turn = {.kind = q->kind, .exact = q->answer};
    if (told) {
        tale_prose(told->story, told->words, told->count, &turn.question);
        text_add(&turn.question, " ");
    }
    text_add(&turn.question, "%s", q->question.data);
    gold_write(&turn.answer, q->answer.data, manners);
    free(q->question.data);
    return turn;
}

// What the system line asks for, or the demonstrator's own.
static Manners manners_of(const Conversation *c, const Instructions *from, Rng *rng) {
    if (c->asks >= 0) return gold_systems[c->asks].asks;
    return from->plain ? (Manners){0, 0} : gold_manners(rng);
}

// One turn more. False: no question of the kind that was drawn; another draw may have one.
static bool add_turn(Conversation *c, const Instructions *from, Tale *tale, bool *told,
                     Rng *rng) {
    TaskKind kind = (TaskKind)rng_categorical(rng, from->share, TASK_KINDS);
    bool of_tale = tasks[kind].of_tale, tells = of_tale && !*told;
    Tale words;  // to take words from, where nothing is told
    Tale *about = of_tale ? tale : &words;
    Question q;
    if (tells || !of_tale) tale_write(about, from->story, rng, from->tale_words);
    if (!ask(&q, from, kind, about, rng)) return false;
    c->turns[c->count++] = turn_of(manners_of(c, from, rng), &q, tells ? tale : NULL);
    *told |= of_tale;
    return true;
}

Conversation instruct(const Instructions *from, Rng *rng) {
    Conversation c = {.asks = -1};
    int count = 1 + rng_below(rng, from->turns);
    if (rng_uniform(rng) < from->systems) {
        c.asks = rng_below(rng, SYSTEM_LINES);
        text_add(&c.system, "%s", gold_systems[c.asks].text);
    }
    Tale tale;
    bool told = false;
    while (c.count < count) add_turn(&c, from, &tale, &told, rng);
    return c;
}
