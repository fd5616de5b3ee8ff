#include "ch05_sft_rlhf/labs/small_sft.h"

#include <stdlib.h>

#include "ch03_transformer/published.h"
#include "ch04_pretrain/objective.h"
#include "ch05_sft_rlhf/learner.h"
#include "ch05_sft_rlhf/questions.h"

enum { CONVERSATIONS = 2000, VOCABULARY = 1024, CONTEXT = 256 };

void small_world(SmallWorld *w, uint64_t seed) {
    Text text = {0};
    Documents d;
    Error err;
    w->story = story_new();
    Instructions from = instructions_for_training(&w->story);
    Rng rng = rng_new(seed);
    for (int i = 0; i < CONVERSATIONS; i++) {
        Conversation c = instruct(&from, &rng);
        if (c.system.size) text_add(&text, " %s", c.system.data);
        for (int k = 0; k < c.count; k++)
            text_add(&text, " %s %s", c.turns[k].question.data, c.turns[k].answer.data);
        conversation_free(&c);
    }
    documents_of(&d, text.data, text.size);
    if (!chat_tokenizer(&w->tokenizer, &d, VOCABULARY, &err)
        || !chat_template_of(&w->chat, &w->tokenizer, &err))
        die("%s", err.text);
    documents_free(&d), free(text.data);
}

void small_world_free(SmallWorld *w) {
    tokenizer_free(&w->tokenizer), story_free(&w->story);
}

SmallSft small_sft_usual(long long steps, uint64_t seed) {
    return (SmallSft){.layers = 2,
                      .channels = 48,
                      .rows = 8,
                      .time = 96,
                      .steps = steps,
                      .rate = 4e-3,
                      .seed = seed};
}

SftData small_sft_data(const SmallWorld *w, const SmallSft *s, const TaskKind *kinds) {
    SftData d = {.chat = w->chat,
                 .from = instructions_for_training(&w->story),
                 .time = s->time,
                 .rng = rng_new(s->seed)};
    d.from.tale_words = 30;
    if (!kinds) return d;
    for (int k = 0; k < TASK_KINDS; k++) d.from.share[k] = 0;
    for (; *kinds != TASK_KINDS; kinds++) d.from.share[*kinds] = 1;
    return d;
}

static void make_model(Model *m, const SmallWorld *w, const SmallSft *s) {
    enum { HEAD = 16 };
    int heads = s->channels / HEAD;
    Config c = config_small_llama(w->tokenizer.size, CONTEXT, s->channels, s->layers,
                                  heads, heads);
    c.hidden = ffn_hidden(c.ffn, s->channels, 32);
    c.init = INIT_XAVIER;
    Error err;
    Rng rng = rng_new(s->seed);
    if (!model_new(m, &c, &err)) die("%s", err.text);
    model_allocate(m, &rng);
    params_allocate_grads(&m->params);
}

void small_sft(Lab *lab, Model *m, const SmallWorld *w, const SmallSft *s, SftData data,
               double *losses) {
    make_model(m, w, s);
    Learner l = learner_new(m, (LearnerSettings){.rate = s->rate,
                                                 .last_rate = s->rate / 20,
                                                 .warmup = s->steps / 20,
                                                 .steps = s->steps,
                                                 .clip = 1,
                                                 .beta2 = 0.98});
    Batch b = sft_batch_new(&data, s->rows);
    bool going = true;
    while (going && l.step < s->steps) {
        long long step = l.step;
        sft_fill(&b, &data, step * s->rows);
        if (s->change) s->change(&b, w), batch_count(&b);
        Node *loss = objective_loss(l.tape, m, &b);
        double value = (double)*loss->value.at;
        if (losses) losses[step] = value;
        learner_step(&l, loss);
        if (s->look) going = s->look(s->self, m, l.step);
        lab_progress_value(lab, (double)l.step, (double)s->steps, "loss", value);
    }
    batch_free(&b), learner_free(&l);
}

SmallMarks small_marks(const Model *m, const SmallWorld *w, TaskKind kind, int count,
                       uint64_t seed) {
    Instructions from = instructions_for_test(&w->story, kind);
    from.tale_words = 30;
    Questions q = questions_new(&from, &w->chat, count, rng_new(seed));
    Rollout *answers = allocate((size_t)count, sizeof *answers);
    SmallMarks marks = {0, 0};
    Error err;
    if (!questions_answer(answers, &q, m, &w->chat, 0, rng_new(seed), &err))
        die("%s", err.text);
    for (int i = 0; i < count; i++) {
        const Exchange *e = &answers[i].exchange;
        marks.right += (questions_reward(&q, i, &w->chat, e) > 0) / (double)count;
        marks.ended += e->finished / (double)count;
        rollout_free(&answers[i]);
    }
    free(answers), questions_free(&q);
    return marks;
}
