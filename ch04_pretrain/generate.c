#include "ch04_pretrain/generate.h"

#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/infer.h"
#include "ch03_transformer/sample.h"

static int next_token(Mat logits, Generation *g) {
    return g->temperature == 0
               ? token_greedy(logits)
               : token_sample(logits, g->temperature, g->top_p, &g->rng);
}

static void print_token(FILE *to, const Tokenizer *t, int id) {
    size_t size = 0;
    const char *bytes = token_bytes(t, id, &size);
    if (bytes) fwrite(bytes, 1, size, to);
    fflush(to);
}

static void continue_text(FILE *to, Inference *s, const Tokenizer *t, int end,
                          const Ids *prompt, int count, Generation *g) {
    Mat logits = mat_new(1, s->model->vocab);
    infer(s, prompt->at, (int)prompt->size, logits);
    for (int i = 0; i < count && s->time < s->capacity; i++) {
        int next = next_token(logits, g);
        if (next == end) break;
        print_token(to, t, next);
        infer(s, &next, 1, logits);
    }
    mat_free(logits);
}

bool generate_text(FILE *to, const Model *m, const Tokenizer *t, int end,
                   const char *prompt, int count, Generation *g, Error *err) {
    InferModel view;
    if (!infer_of_model(&view, m, err)) return false;
    Ids ids = {0};
    reserve(ids.at, ids.capacity, 1);
    ids.at[ids.size++] = end;
    Inference s;
    bool ok = tokenizer_encode(t, prompt, strlen(prompt), false, &ids, err);
    if (ok && (int)ids.size > view.context)
        ok = error_set(err, "a prompt of %zu tokens: the model has %d positions",
                       ids.size, view.context);
    if (ok && inference_new(&s, &view, view.context, err)) {
        fputs(prompt, to);
        continue_text(to, &s, t, end, &ids, count, g);
        inference_free(&s);
    }
    free(ids.at), infer_model_free(&view);
    return ok;
}
