#include "ch05_sft_rlhf/commands/own_questions.h"

#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/preferences.h"

static int kind_of(const char *name) {
    for (int k = 0; k < TASK_KINDS; k++)
        if (strcmp(name, tasks[k].name) == 0) return k;
    die("--task %s: no such kind: expected who, where, .. (`eval` lists them)", name);
}

// What a model cannot read is found now, each with its line.
static void read_examples(OwnQuestions *q, const char *path, const Assistant *a) {
    Error err;
    if (!examples_read(&q->examples, path, &err)) die("%s", err.text);
    if (q->examples.preferences)
        die("%s:%lld: preferences: expected questions with their answers", path,
            q->examples.list[0].line);
    for (size_t i = 0; i < q->examples.count; i++) {
        const Example *e = &q->examples.list[i];
        Exchange x;
        Conversation c;
        if (!example_exchange(&x, q->chat, &q->examples, e, e->answer,
                              a->model.config.context, &err)
            || !example_conversation(&c, &q->examples, e, &err))
            die("%s", err.text);
        exchange_free(&x), conversation_free(&c);
    }
}

void own_questions_open(OwnQuestions *q, const Args *args, const Assistant *a,
                        bool held_out) {
    const char *task = option_text(args, "task"), *data = option_text(args, "data");
    *q = (OwnQuestions){.chat = &a->chat, .story = story_new()};
    q->from = instructions_for_training(&q->story);
    q->from.turns = 1, q->from.systems = 0, q->from.held_out = held_out;
    if (task[0] && data) die("--task and --data: expected one of them");
    for (int k = 0, kind = task[0] ? kind_of(task) : -1; kind >= 0 && k < TASK_KINDS;
         k++)
        q->from.share[k] = k == kind;
    if (data) read_examples(q, data, a);
}

void own_questions_close(OwnQuestions *q) {
    examples_free(&q->examples), story_free(&q->story);
}

Questions own_questions(const OwnQuestions *q, int count, Rng rng) {
    if (q->examples.count == 0) return questions_new(&q->from, q->chat, count, rng);
    Conversation *list = allocate((size_t)count, sizeof *list);
    for (int i = 0; i < count; i++) {
        Error err;
        const Example *e = &q->examples.list[rng_below(&rng, (int)q->examples.count)];
        if (!example_conversation(&list[i], &q->examples, e, &err)) die("%s", err.text);
        text_add(&list[i].turns[list[i].count - 1].exact, "%s", e->answer);
    }
    return questions_from(list, count, q->chat);
}
