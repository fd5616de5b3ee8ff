#include "ch05_sft_rlhf/rag_model.h"

#include <stdio.h>
#include <string.h>

#include "ch03_transformer/model_file.h"

RagPlan rag_plan_usual(uint64_t seed) {
    RagPlan p = {reader_plan_usual, bi_encoder_plan_usual, 3000};
    p.reader.seed = p.retriever.seed = seed;
    return p;
}

void rag_model_train(RagModel *r, const RagPlan *plan, StageProgress *progress,
                     void *self) {
    Error err;
    *r = (RagModel){.vocabulary = vocabulary_new()};
    Config c = reader_config(&r->vocabulary);
    if (!model_new(&r->model, &c, &err)) die("%s", err.text);
    r->retriever = bi_encoder_add(&r->model.params, &r->vocabulary, RAG_DIM);
    Rng rng = rng_new(plan->reader.seed);
    model_allocate(&r->model, &rng), bi_encoder_begin(&r->retriever);
    params_allocate_grads(&r->model.params);
    reader_train(&r->model, &r->vocabulary, &plan->reader, progress, self);
    RetrievalPairs pairs = retrieval_pairs(plan->pairs, plan->retriever.seed);
    bi_encoder_train(&r->retriever, &pairs, &plan->retriever);
    retrieval_pairs_free(&pairs);
}

// ---- files

static void note_of(char *to, size_t size, const Vocabulary *v) {
    snprintf(to, size, "words %d dim %d", v->terms.count, RAG_DIM);
}

bool rag_model_save(const char *path, const RagModel *r, Error *err) {
    char note[64];
    note_of(note, sizeof note, &r->vocabulary);
    return model_save_with(path, &r->model, (CheckpointNote[]){{"rag", note}}, 1, err);
}

static bool add_retriever(Model *m, const Checkpoint *file, const char *path,
                          Error *err) {
    char expected[64];
    const char *note = checkpoint_note(file, "rag");
    Vocabulary v = vocabulary_new();
    note_of(expected, sizeof expected, &v);
    bool ok = note && strcmp(note, expected) == 0;
    if (!note)
        error_set(err, "%s: no retriever in it: expected a file of rag -o", path);
    else if (!ok)
        error_set(err, "%s: note rag '%.40s': expected '%s'", path, note, expected);
    if (ok) bi_encoder_add(&m->params, &v, RAG_DIM);
    vocabulary_free(&v);
    return ok;
}

// Whether it is a model of the reader's tokens and context, whatever its width.
static bool fits(const RagModel *r, const char *path, Error *err) {
    Config c = reader_config(&r->vocabulary);
    const Config *found = &r->model.config;
    return (found->vocabulary == c.vocabulary && found->context >= c.context)
           || error_set(err,
                        "%s: a model of %d tokens and a context of %d: expected %d "
                        "and %d",
                        path, found->vocabulary, found->context, c.vocabulary,
                        c.context);
}

bool rag_model_load(const char *path, RagModel *r, Error *err) {
    *r = (RagModel){0};
    if (!model_load_with(path, &r->model, add_retriever, err)) return false;
    r->vocabulary = vocabulary_new();
    r->retriever = bi_encoder_of(&r->model.params, &r->vocabulary);
    if (fits(r, path, err)) return true;
    rag_model_free(r);
    return false;
}

void rag_model_free(RagModel *r) {
    model_free(&r->model), vocabulary_free(&r->vocabulary);
    *r = (RagModel){0};
}
