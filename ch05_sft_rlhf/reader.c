#include "ch05_sft_rlhf/reader.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/published.h"
#include "ch04_pretrain/objective.h"
#include "ch05_sft_rlhf/learner.h"

const ReaderPlan reader_plan_usual = {
    .steps = 1000, .rows = 24, .rate = 4e-3, .unknown = 0.4, .seed = 1};

// ---- tokens

ReaderTokens reader_tokens(const Vocabulary *v) {
    int n = v->terms.count;
    return (ReaderTokens){n, n + 1, n + 2, n + 3, n + 3 + READER_SLOTS};
}

// The id of a slot that has this word, from the first slot on; -1: none has.
static int bound(const Binding *b, int first_slot, const Term *w) {
    for (int i = first_slot; i < first_slot + READER_SLOTS; i++)
        if (b->word[i] && b->word[i]->hash == w->hash) return i;
    return -1;
}

Binding reader_bind(const Vocabulary *v, const Terms *question) {
    ReaderTokens t = reader_tokens(v);
    Binding b = {0};
    assert(question->count <= READER_WORDS && t.size <= READER_MOST_IDS);
    for (int i = 0, n = t.first_slot; i < question->count; i++) {
        const Term *w = &question->list[i];
        if (vocabulary_find(v, w->hash) < 0 && bound(&b, t.first_slot, w) < 0)
            b.word[n++] = w;
    }
    return b;
}

// The slot of a fact's word; a new one takes the next that is free.
static int slot_of(Binding *b, int first_slot, const Term *w) {
    enum { OF_FACTS = READER_SLOTS - READER_WORDS };
    int at = bound(b, first_slot, w);
    if (at >= 0) return at;
    for (int i = 0; i < OF_FACTS; i++) {
        int place = (b->first + i) % OF_FACTS;
        at = first_slot + READER_WORDS + place;
        if (b->word[at]) continue;
        b->word[at] = w, b->first = place;
        return at;
    }
    assert(false && "reader: more words than slots");
    return first_slot;
}

static void encode(const Vocabulary *v, Binding *b, const Terms *text, Ids *to) {
    int first_slot = reader_tokens(v).first_slot;
    for (int i = 0; i < text->count; i++) {
        const Term *w = &text->list[i];
        int known = vocabulary_find(v, w->hash);
        if (known >= 0) b->word[known] = w;
        ids_append(to, known >= 0 ? known : slot_of(b, first_slot, w));
    }
}

void reader_prompt(const Vocabulary *v, Binding *b, const Terms *question,
                   const Terms *fact, Ids *to) {
    int mark = reader_tokens(v).mark;
    encode(v, b, question, to), ids_append(to, mark);
    if (fact) encode(v, b, fact, to);
    ids_append(to, mark);
}

void reader_text(const Vocabulary *v, const Binding *b, const int *ids, int count,
                 Text *to) {
    ReaderTokens t = reader_tokens(v);
    for (int i = 0; i < count && ids[i] != t.end; i++) {
        const Term *w = b->word[ids[i]];
        const char *word = ids[i] == t.unknown ? "I do not know"
                           : w                 ? w->text
                           : ids[i] < t.end    ? v->terms.list[ids[i]].text
                                               : "?";
        text_add(to, "%s%s", i ? " " : "", word);
    }
    if (count == 0 || ids[0] == t.end) text_add(to, "..");
}

// ---- the model

Config reader_config(const Vocabulary *v) {
    enum { CONTEXT = 2 * READER_WORDS + 16, CHANNELS = 64, LAYERS = 2, HEADS = 4 };
    Config c = config_small_llama(reader_tokens(v).size, CONTEXT, CHANNELS, LAYERS,
                                  HEADS, HEADS);
    c.init = INIT_XAVIER, c.tied = true;
    return c;
}

// ---- what it learns from

static WorldFact any_fact(const char *who, Rng *rng) {
    return world_fact((Relation)rng_below(rng, RELATIONS), who, rng_uniform(rng) < 0.5,
                      rng);
}

// A fact that does not answer what `f` says: of another person, or something else of the
// same one.
static WorldFact beside(const WorldFact *f, Rng *rng) {
    char who[sizeof f->who];
    memcpy(who, f->who, sizeof who);
    bool other_person = rng_uniform(rng) < 0.6;
    if (other_person) world_name(who, sizeof who, false, rng);
    WorldFact o;
    do
        o = other_person && rng_uniform(rng) < 0.7
                ? world_fact(f->relation, who, rng_uniform(rng) < 0.5, rng)
                : any_fact(who, rng);
    while (!other_person && o.relation == f->relation && f->relation != RELATION_OTHER);
    if (other_person && rng_uniform(rng) < 0.5) memcpy(o.what, f->what, sizeof o.what);
    return o;
}

static Exchange row_of(const Vocabulary *v, const WorldFact *asked,
                       const WorldFact *shown, bool known, Rng *rng) {
    ReaderTokens t = reader_tokens(v);
    Text question = {0}, fact = {0};
    Ids prompt = {0}, answer = {0};
    world_ask(asked, rng_uniform(rng) < 0.5 ? ASKED_IN_ITS_WORDS : ASKED_OTHERWISE, rng,
              &question);
    if (shown) world_say(shown, &fact);
    Terms q = terms_of(question.data), f = terms_of(shown ? fact.data : ""),
          a = terms_of(asked->value);
    Binding b = reader_bind(v, &q);
    b.first = rng_below(rng, READER_SLOTS);  // so that all slots are learnt
    reader_prompt(v, &b, &q, shown ? &f : NULL, &prompt);
    if (known) encode(v, &b, &a, &answer);
    else ids_append(&answer, t.unknown);
    Exchange e = exchange_of(prompt.at, (int)prompt.size, answer.at, (int)answer.size,
                             t.end, true);
    terms_free(&q), terms_free(&f), terms_free(&a);
    free(question.data), free(fact.data), free(prompt.at), free(answer.at);
    return e;
}

// A second name, as in "New Zealand".
static void add_name(char *who, size_t size, Rng *rng) {
    char second[16];
    size_t at = strlen(who);
    world_name(second, sizeof second, false, rng);
    snprintf(who + at, size - at, " %s", second);
}

Exchange reader_row(const Vocabulary *v, const ReaderPlan *plan, long long n) {
    Rng all = rng_new(plan->seed), rng = rng_split(&all, (uint64_t)n);
    if (plan->closed)
        return row_of(v, &plan->closed[rng_below(&rng, plan->closed_count)], NULL, true,
                      &rng);
    char who[32];
    world_name(who, sizeof who, false, &rng);
    if (rng_uniform(&rng) < 0.2) add_name(who, sizeof who, &rng);
    WorldFact f = any_fact(who, &rng);
    if (rng_uniform(&rng) >= plan->unknown) return row_of(v, &f, &f, true, &rng);
    WorldFact o = beside(&f, &rng);
    return row_of(v, &f, &o, false, &rng);
}

void reader_train(Model *m, const Vocabulary *v, const ReaderPlan *plan,
                  StageProgress *progress, void *self) {
    Learner l = learner_new(m, (LearnerSettings){.rate = plan->rate,
                                                 .last_rate = plan->rate / 20,
                                                 .warmup = plan->steps / 20,
                                                 .steps = plan->steps,
                                                 .clip = 1,
                                                 .beta2 = 0.98});
    Exchange *rows = allocate((size_t)plan->rows, sizeof *rows);
    const Exchange **list = allocate((size_t)plan->rows, sizeof *list);
    while (l.step < plan->steps) {
        for (int i = 0; i < plan->rows; i++) {
            rows[i] = reader_row(v, plan, l.step * plan->rows + i);
            list[i] = &rows[i];
        }
        Batch b = exchange_batch(list, plan->rows);
        Node *loss = objective_loss(l.tape, m, &b);
        double value = (double)*loss->value.at;
        learner_step(&l, loss);
        if (progress) progress(self, l.step, plan->steps, value);
        batch_free(&b);
        for (int i = 0; i < plan->rows; i++) exchange_free(&rows[i]);
    }
    free(rows), free(list), learner_free(&l);
}
