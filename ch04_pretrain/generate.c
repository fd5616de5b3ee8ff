#include "ch04_pretrain/generate.h"

#include <stdlib.h>
#include <string.h>

static void append(Ids *ids, int id) {
    reserve(ids->at, ids->capacity, ids->size + 1);
    ids->at[ids->size++] = id;
}

bool generator_new(Generator *g, const Model *m, int end, const int *prompt, int count,
                   Error *err) {
    *g = (Generator){.prompt = count, .end = end};
    if (!infer_of_model(&g->view, m, err)) return false;
    bool ok = count <= g->view.context
              || error_set(err, "a prompt of %d tokens: the model has %d positions",
                           count, g->view.context);
    if (!ok || !inference_new(&g->state, &g->view, g->view.context, err)) {
        infer_model_free(&g->view);
        return false;
    }
    for (int i = 0; i < count; i++) append(&g->text, prompt[i]);
    g->logits = mat_new(1, g->view.vocab);
    return true;
}

void generator_free(Generator *g) {
    inference_free(&g->state);
    infer_model_free(&g->view);
    mat_free(g->logits), free(g->text.at);
    *g = (Generator){0};
}

bool generator_next(Generator *g, Sampling *s, Written *to) {
    const int *text = g->text.at;
    int n = (int)g->text.size, seen = g->state.time;
    *to = (Written){.token = -1};
    if (n > g->state.capacity) return false;
    infer(&g->state, text + seen, n - seen, g->logits);
    Mat model = mat_new(1, g->view.vocab);  // the penalties change the other
    mat_copy(model, g->logits);
    penalise(g->logits, &s->penalties, text, g->prompt, n);
    Choice c = token_choose(g->logits, s);
    *to = (Written){c.token, token_log_prob(model, c.token), c.share};
    mat_free(model);
    append(&g->text, c.token);
    return c.token != g->end;
}

static void print_token(FILE *to, const Tokenizer *t, int id) {
    size_t size = 0;
    const char *bytes = token_bytes(t, id, &size);
    if (bytes) fwrite(bytes, 1, size, to);
    fflush(to);
}

bool generate_text(FILE *to, const Model *m, const Tokenizer *t, int end,
                   const char *prompt, int count, Generation *s, Error *err) {
    Ids ids = {0};
    Generator g;
    Written w;
    append(&ids, end);
    bool ok = tokenizer_encode(t, prompt, strlen(prompt), false, &ids, err)
              && generator_new(&g, m, end, ids.at, (int)ids.size, err);
    free(ids.at);
    if (!ok) return false;
    fputs(prompt, to);
    for (int i = 0; i < count && generator_next(&g, s, &w); i++)
        print_token(to, t, w.token);
    generator_free(&g);
    return true;
}
