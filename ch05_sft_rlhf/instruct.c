#include "ch05_sft_rlhf/instruct.h"

#include <assert.h>
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
    Instructions from = {.story = s,
                         .turns_least = 1,
                         .turns = 3,
                         .new_tales = 0.5,
                         .tale_words = TALE_WORDS_USUAL,
                         .systems = 0.25};
    for (int k = 0; k < TASK_KINDS; k++) from.share[k] = tasks[k].share;
    return from;
}

Instructions instructions_for_test(const Story *s, TaskKind kind) {
    Instructions from = {.story = s,
                         .turns_least = 1,
                         .turns = 1,
                         .tale_words = TALE_WORDS_USUAL,
                         .held_out = true};
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

// What was told so far: the last tale, and how many there were.
typedef struct {
    Tale last;
    int count;
} Told;

// A tale that is told anew, one to take words from, or the last one told.
static const Tale *tale_for(Tale *fresh, bool of_tale, bool tells, const Told *told,
                            const Instructions *from, Rng *rng) {
    if (of_tale && !tells) return &told->last;
    tale_write(fresh, from->story, rng, from->tale_words);
    return fresh;
}

// One turn more. False: no question of the kind that was drawn; another draw may have one.
static bool add_turn(Conversation *c, const Instructions *from, Told *told, Rng *rng) {
    TaskKind kind = (TaskKind)rng_categorical(rng, from->share, TASK_KINDS);
    bool of_tale = tasks[kind].of_tale;
    bool tells = of_tale && (!told->count || rng_uniform(rng) < from->new_tales);
    Tale fresh;
    Question q;
    const Tale *about = tale_for(&fresh, of_tale, tells, told, from, rng);
    if (!ask(&q, from, kind, about, rng)) return false;
    if (tells) told->last = fresh, told->count++;
    Turn *turn = &c->turns[c->count++];
    *turn = turn_of(manners_of(c, from, rng), &q, tells ? about : NULL);
    turn->tale = of_tale ? told->count : 0;
    return true;
}

Conversation instruct(const Instructions *from, Rng *rng) {
    assert(1 <= from->turns_least && from->turns_least <= from->turns
           && from->turns <= TURNS_MOST);
    Conversation c = {.asks = -1};
    int count = from->turns_least + rng_below(rng, from->turns - from->turns_least + 1);
    if (rng_uniform(rng) < from->systems) {
        c.asks = rng_below(rng, SYSTEM_LINES);
        text_add(&c.system, "%s", gold_systems[c.asks].text);
    }
    Told told = {.count = 0};
    while (c.count < count) add_turn(&c, from, &told, rng);
    return c;
}
