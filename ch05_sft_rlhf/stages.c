#include "ch05_sft_rlhf/stages.h"

#include <math.h>
#include <stdlib.h>

#include "ch03_transformer/published.h"
#include "ch04_pretrain/trainer.h"
#include "ch05_sft_rlhf/learner.h"

const char *const shares_names[] = {
    [SHARES_FOLLOW] = "follow", [SHARES_FIXED] = "fixed", NULL};
_Static_assert(sizeof shares_names / sizeof *shares_names == SHARES + 1,
               "shares without a name");

const StagePlan stage_plan_usual = {.layers = 3,
                                    .heads = 4,
                                    .channels = 64,
                                    .context = 256,
                                    .vocabulary = 1024,
                                    .stories = 6000,
                                    .batch = 4,
                                    .time = 256,
                                    .turns = TURNS_MOST,
                                    .new_tales = 0.3,
                                    .pretrain_steps = 800,
                                    .sft_steps = 12000,
                                    .rate = 3e-3,
                                    .seed = 1};

// Streams of one seed, so that no stage draws what another did.
enum { STREAM_STORIES, STREAM_WORDS, STREAM_MODEL, STREAM_ORDER, STREAM_SFT };

static Rng stream(const StagePlan *plan, int of) {
    Rng root = rng_new(plan->seed);
    return rng_split(&root, (uint64_t)of);
}

// ---- text

static void write_stories(Text *to, const Story *s, int count, Rng rng) {
    int words[TALE_WORDS];
    for (int i = 0; i < count; i++) {
        int n = story_write(s, &rng, words, TALE_WORDS);
        text_add(to, " ");
        tale_prose(s, words, n, to);
        text_add(to, "%s", DOCUMENT_END);
    }
}

// Conversations, so that the tokenizer has their words; nothing is trained on this text.
static void write_conversations(Text *to, const Story *s, int count, Rng rng) {
    Instructions from = instructions_for_training(s);
    for (int i = 0; i < count; i++) {
        Conversation c = instruct(&from, &rng);
        if (c.system.size) text_add(to, " %s", c.system.data);
        for (int k = 0; k < c.count; k++)
            text_add(to, " %s %s", c.turns[k].question.data, c.turns[k].answer.data);
        text_add(to, "%s", DOCUMENT_END);
        conversation_free(&c);
    }
}

static bool make_tokenizer(Tokenizer *t, const Story *s, const Text *stories,
                           const StagePlan *plan, Error *err) {
    Text all = {0};
    Documents d;
    text_add(&all, "%s", stories->data);
    write_conversations(&all, s, plan->stories / 2, stream(plan, STREAM_WORDS));
    documents_of(&d, all.data, all.size);
    bool ok = chat_tokenizer(t, &d, plan->vocabulary, err);
    documents_free(&d), free(all.data);
    return ok;
}

// ---- the model

static bool make_model(Model *m, int vocabulary, const StagePlan *plan, Error *err) {
    Config c = config_small_llama(vocabulary, plan->context, plan->channels,
                                  plan->layers, plan->heads, plan->heads);
    c.hidden = ffn_hidden(c.ffn, plan->channels, 32);
    c.init = INIT_XAVIER;
    Rng rng = stream(plan, STREAM_MODEL);
    if (!model_new(m, &c, err)) return false;
    model_allocate(m, &rng);
    params_allocate_grads(&m->params);
    return true;
}

static bool train(Model *m, Data *d, const StagePlan *plan, StageProgress *progress,
                  void *self, Error *err) {
    long long steps = plan->pretrain_steps;
    Trainer t = trainer_new(m, d,
                            (TrainSettings){.batch = plan->batch,
                                            .accumulate = 1,
                                            .steps = steps,
                                            .rate = plan->rate,
                                            .last_rate = plan->rate / 10,
                                            .warmup = steps / 20,
                                            .clip = 1,
                                            .beta2 = 0.98},
                            (ObjectiveSettings){.rng = stream(plan, STREAM_ORDER)});
    bool ok = true;
    while (ok && t.step < steps) {
        double loss = trainer_step(&t).loss;
        ok = isfinite(loss);
        if (progress) progress(self, t.step, steps, loss);
    }
    if (!ok) error_set(err, "pretrain: step %lld: the loss is no number", t.step);
    trainer_free(&t);
    return ok;
}

bool stage_pretrain(Model *m, Tokenizer *t, const StagePlan *plan,
                    StageProgress *progress, void *self, Error *err) {
    Story s = story_new();
    Text text = {0};
    Documents d;
    Corpus corpus;
    write_stories(&text, &s, plan->stories, stream(plan, STREAM_STORIES));
    bool ok = make_tokenizer(t, &s, &text, plan, err);
    if (ok) {
        ChatTemplate chat;
        documents_of(&d, text.data, text.size);
        ok = chat_template_of(&chat, t, err)
             && corpus_encode(&corpus, t, chat.end, &d, err)
             && make_model(m, t->size, plan, err);
        if (ok) {
            Data data = data_of_corpus(&corpus, t->size, plan->time, plan->seed);
            ok = train(m, &data, plan, progress, self, err);
            data_free(&data);
        }
        corpus_free(&corpus), documents_free(&d);
    }
    free(text.data), story_free(&s);
    return ok;
}

// ---- fine-tuning

SftData stage_sft_data(const ChatTemplate *chat, const Story *s,
                       const StagePlan *plan) {
    SftData d = {.chat = *chat,
                 .from = instructions_for_training(s),
                 .time = plan->time,
                 .rng = stream(plan, STREAM_SFT)};
    d.from.turns = plan->turns, d.from.new_tales = plan->new_tales;
    return d;
}

bool stage_sft(Model *m, const SftData *data, const StagePlan *plan,
               StageProgress *progress, void *self, Error *err) {
    long long steps = plan->sft_steps;
    bool ok = true;
    if (!m->params.grads) params_allocate_grads(&m->params);
    Batch b = sft_batch_new(data, plan->batch);
    Learner l = learner_new(m, (LearnerSettings){.rate = plan->rate,
                                                 .last_rate = plan->rate / 20,
                                                 .warmup = steps / 20,
                                                 .steps = steps,
                                                 .clip = 1,
                                                 .beta2 = 0.98});
    while (ok && l.step < steps) {
        sft_fill(&b, data, l.step * plan->batch);
        Node *loss = objective_loss(l.tape, m, &b);
        double value = (double)*loss->value.at;
        ok = isfinite(learner_step(&l, loss));
        if (progress) progress(self, l.step, steps, value);
    }
    if (!ok) error_set(err, "sft: step %lld: the loss is no number", l.step);
    learner_free(&l), batch_free(&b);
    return ok;
}
