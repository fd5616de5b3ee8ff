#include "ch04_pretrain/run.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/model_file.h"
#include "ch04_pretrain/language_notes.h"
#include "ch04_pretrain/model_kinds.h"
#include "ch04_pretrain/pairs.h"
#include "common/numeric/hash.h"

enum { HELD_OUT = 20, EVALUATION_ROWS = 16, LANGUAGE_ROWS = 512 };
// A language gets the model of a text of 20 kB: small, and trained in a minute.
enum { LANGUAGE_SIZE = 20 << 10 };

// ---- text

static uint64_t hash_of(const Documents *d, uint64_t h) {
    for (size_t i = 0; i < d->count; i++)
        h = hash_bytes(h, d->list[i].at, d->list[i].size);
    return h;
}

static size_t bytes_of(const Documents *d) {
    size_t bytes = 0;
    for (size_t i = 0; i < d->count; i++) bytes += d->list[i].size;
    return bytes;
}

// Reads the text and splits it; run->text keeps the file.
static bool open_text(Run *run, Error *err) {
    const Plan *plan = &run->plan;
    if (!documents_read(&run->text, plan->data, err)) {
        language_suggest(plan->data, err);
        return false;
    }
    if (plan->validation[0])
        return documents_read(&run->held_out_text, plan->validation, err);
    Documents rest;
    documents_split(&run->text, HELD_OUT, &rest, &run->held_out_text);
    free(run->text.list);
    run->text.list = rest.list, run->text.count = rest.count;
    return true;
}

// ---- tokens

static bool open_tokenizer(Run *run, Error *err) {
    const Plan *plan = &run->plan;
    if (!plan->tokenizer[0])
        return corpus_tokenizer(&run->tokenizer, &run->text, (int)plan->vocabulary,
                                "gpt2", err);
    const char *const end[] = {DOCUMENT_END};
    if (!model_read(&run->tokenizer, plan->tokenizer, NULL, NULL, 0, err)) return false;
    for (int i = 0; i < run->tokenizer.special_count; i++)
        if (strcmp(run->tokenizer.specials[i].text, DOCUMENT_END) == 0) return true;
    tokenizer_free(&run->tokenizer);
    return model_read(&run->tokenizer, plan->tokenizer, NULL, end, 1, err);
}

static int end_of(const Tokenizer *t) {
    for (int i = 0; i < t->special_count; i++)
        if (strcmp(t->specials[i].text, DOCUMENT_END) == 0) return t->specials[i].id;
    assert(false && "end_of: a tokenizer without an end");
    return -1;
}

static bool encode(Run *run, Error *err) {
    int end = end_of(&run->tokenizer);
    return corpus_encode(&run->corpus, &run->tokenizer, end, &run->text, err)
           && corpus_encode(&run->held_out, &run->tokenizer, end, &run->held_out_text,
                            err);
}

static bool open_text_data(Run *run, Error *err) {
    const Plan *plan = &run->plan;
    if (!open_tokenizer(run, err) || !encode(run, err)) return false;
    int time = (int)plan->context, size = run->tokenizer.size;
    if (run->corpus.count < 2 * (size_t)time)
        return error_set(
            err,
            "%s: too short: %zu tokens to train on, expected at least %d (twice "
            "the context)",
            plan->data, run->corpus.count, 2 * time);
    run->data = data_of_corpus(&run->corpus, size, time, (uint64_t)plan->seed);
    // In an order of its own, so that the first rows are a sample of the whole.
    run->held_out_data = data_of_corpus(&run->held_out, size, time, 0);
    return true;
}

// ---- a language instead

// Held out: rows of another stream. That a short one occurs in both is chance.
static bool open_language(Run *run, Error *err) {
    const Plan *p = &run->plan;
    LanguageSettings s = {1, (int)p->symbols, (int)p->order, p->concentration};
    if (!language_settings_check(&s, err)) return false;
    run->language = language_new((LanguageName)language_named(p->data), &s);
    Rng rng = rng_new((uint64_t)p->seed);
    int time = (int)p->context;
    run->data = data_of_language(&run->language, time, rng_bits(&rng));
    run->held_out_data = data_of_language(&run->language, time, rng_bits(&rng));
    return true;
}

static bool open_data(Run *run, Error *err) {
    if (language_named(run->plan.data) >= 0) {
        plan_complete(&run->plan, LANGUAGE_SIZE);
        return open_language(run, err);
    }
    if (!open_text(run, err)) return false;
    plan_complete(&run->plan, bytes_of(&run->text));
    run->plan.text_hash =
        (long long)hash_of(&run->held_out_text, hash_of(&run->text, HASH_START));
    return open_text_data(run, err);
}

// ---- the model

static bool open_model(Run *run, Error *err) {
    const Plan *plan = &run->plan;
    const Objective *o = &objectives[plan->objective];
    const ModelType *type = &model_kinds[plan->model];
    if (o->family != type->family)
        return error_set(err,
                         "--objective %s needs another family than --model %s's: %s, "
                         "not %s; --model auto finds one",
                         o->name, type->name, family_name(o->family),
                         family_name(type->family));
    int size = run->data.vocabulary;
    Config config = plan_config(plan, size);
    if (!model_new(&run->model, &config, err)) return false;
    if (o->parts & BATCH_LABELS) pair_head_add(&run->model);
    run->objective = (ObjectiveSettings){.kind = (ObjectiveKind)plan->objective,
                                         .rng = rng_new((uint64_t)plan->seed)};
    return true;
}

void run_restart(Run *run) {
    Rng rng = rng_new((uint64_t)run->plan.seed);
    Params *p = &run->model.params;
    if (p->values) params_init(p, &rng);
    else model_allocate(&run->model, &rng);
    if (run->trainer.tape) trainer_free(&run->trainer);
    if (run->zero != 2) params_allocate_grads(p);
    else p->grad_size = p->size;  // never there as a whole
    run->trainer =
        trainer_new_in_team(&run->model, &run->data, plan_settings(&run->plan),
                            run->objective, run->team, run->zero);
    tape_recompute(run->trainer.tape, run->recompute);
}

void run_begin(Run *run, Team *team, int zero) {
    run->team = team, run->zero = zero;
    run_restart(run);
}

void run_recompute(Run *run, int blocks) {
    run->recompute = blocks;
    tape_recompute(run->trainer.tape, blocks);
}

void run_set_steps(Run *run, long long steps) {
    run->plan.steps = steps;
    run->trainer.settings = plan_settings(&run->plan);
}

bool run_open(Run *run, const Plan *plan, Error *err) {
    *run = (Run){.plan = *plan};
    bool ok = open_data(run, err) && open_model(run, err);
    if (!ok) run_free(run);
    return ok;
}

void run_free(Run *run) {
    if (run->trainer.tape) trainer_free(&run->trainer);
    model_free(&run->model);
    data_free(&run->data), data_free(&run->held_out_data);
    corpus_free(&run->corpus), corpus_free(&run->held_out);
    tokenizer_free(&run->tokenizer);
    if (run->language.kind) language_free(&run->language);
    documents_free(&run->text), documents_free(&run->held_out_text);
    *run = (Run){0};
}

Evaluation run_validate(Run *run, long long rows) {
    long long all = run->held_out_data.rows;
    if (run->language.kind) all = LANGUAGE_ROWS;
    return evaluate(&run->model, &run->held_out_data, &run->objective, 0,
                    rows == RUN_ALL_ROWS || rows > all ? all : rows, EVALUATION_ROWS);
}
