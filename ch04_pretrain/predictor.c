#include "ch04_pretrain/predictor.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/tokenizer.h"
#include "ch03_transformer/sample.h"

void predictor_free(Predictor *p) {
    p->discard(p);
    free(p->self);
    *p = (Predictor){0};
}

// ---- a language: the texts themselves

typedef struct {
    const Language *language;
    Ids *texts, *before;  // most of them
} Texts;

static void text_copy(Ids *to, const Ids *from) {
    reserve(to->at, to->capacity, from->size + 1);
    if (from->size) memcpy(to->at, from->at, from->size * sizeof *to->at);
    to->size = from->size;
}

static void ask_language(const Predictor *p, int count, double *log_probs) {
    const Texts *t = p->self;
    for (int b = 0; b < count; b++) {
        double *row = log_probs + (size_t)b * (size_t)p->symbols;
        t->language->kind->next(t->language, t->texts[b].at, (int)t->texts[b].size,
                                row);
        for (int x = 0; x < p->symbols; x++) row[x] = log(row[x]);
    }
}

static void begin_language(Predictor *p, double *log_probs) {
    ask_language(p, 1, log_probs);
}

static void step_language(Predictor *p, const int *parent, const int *token, int count,
                          double *log_probs) {
    Texts *t = p->self;
    Ids *kept = t->before;
    t->before = t->texts, t->texts = kept;
    for (int b = 0; b < count; b++) {
        text_copy(&t->texts[b], &t->before[parent[b]]);
        ids_append(&t->texts[b], token[b]);
    }
    ask_language(p, count, log_probs);
}

static void discard_language(Predictor *p) {
    Texts *t = p->self;
    for (int b = 0; b < p->most; b++) free(t->texts[b].at), free(t->before[b].at);
    free(t->texts), free(t->before);
}

Predictor predictor_of_language(const Language *l, const int *prompt, int n, int most) {
    Texts *t = allocate(1, sizeof *t);
    *t = (Texts){l, allocate((size_t)most, sizeof(Ids)),
                 allocate((size_t)most, sizeof(Ids))};
    text_copy(&t->texts[0], &(Ids){(int *)prompt, (size_t)n, (size_t)n});
    return (Predictor){l->symbols,
                       l->kind->ends ? language_end(l) : -1,
                       most,
                       begin_language,
                       step_language,
                       discard_language,
                       t};
}

// ---- a model: a cache per text

typedef struct {
    Inference *texts, *before;  // most of each
    Inference **each;           // pointers to texts
    Ids prompt;
    Mat logits;  // most x vocabulary
} Caches;

static void log_softmax(Mat logits, double *to) {
    for (int b = 0; b < logits.rows; b++) {
        double sum = logits_log_sum(mat_rows(logits, b, 1));
        for (int x = 0; x < logits.cols; x++) *to++ = *mat_at(logits, b, x) - sum;
    }
}

static void begin_model(Predictor *p, double *log_probs) {
    Caches *c = p->self;
    Mat logits = mat_rows(c->logits, 0, 1);
    inference_clear(&c->texts[0]);
    infer(&c->texts[0], c->prompt.at, (int)c->prompt.size, logits);
    log_softmax(logits, log_probs);
}

static void step_model(Predictor *p, const int *parent, const int *token, int count,
                       double *log_probs) {
    Caches *c = p->self;
    Inference *kept = c->before;
    c->before = c->texts, c->texts = kept;
    for (int b = 0; b < count; b++) {
        inference_copy(&c->texts[b], &c->before[parent[b]]);
        c->each[b] = &c->texts[b];
    }
    Mat logits = mat_rows(c->logits, 0, count);
    infer_together(c->each, count, token, logits);
    log_softmax(logits, log_probs);
}

static void discard_model(Predictor *p) {
    Caches *c = p->self;
    for (int b = 0; b < p->most; b++)
        inference_free(&c->texts[b]), inference_free(&c->before[b]);
    free(c->texts), free(c->before), free(c->each), free(c->prompt.at);
    mat_free(c->logits);
}

bool predictor_of_model(Predictor *p, const InferModel *m, int end, const int *prompt,
                        int n, int most, int capacity, Error *err) {
    assert(n >= 1 && n <= capacity && most >= 1);
    Caches *c = allocate(1, sizeof *c);
    size_t texts = (size_t)most;
    *c = (Caches){.texts = allocate(texts, sizeof(Inference)),
                  .before = allocate(texts, sizeof(Inference)),
                  .each = allocate(texts, sizeof(Inference *)),
                  .logits = mat_new(most, m->vocab)};
    *p = (Predictor){m->vocab, end, most, begin_model, step_model, discard_model, c};
    text_copy(&c->prompt, &(Ids){(int *)prompt, (size_t)n, (size_t)n});
    bool ok = true;
    for (int b = 0; b < most && ok; b++)
        ok = inference_new(&c->texts[b], m, capacity, err)
             && inference_new(&c->before[b], m, capacity, err);
    if (!ok) predictor_free(p);
    return ok;
}
