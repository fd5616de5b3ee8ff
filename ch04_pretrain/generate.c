#include "ch04_pretrain/generate.h"

#include <stdlib.h>
#include <string.h>

bool generator_new(Generator *g, const InferModel *m, int end, const int *prompt,
                   int count, Error *err) {
    *g = (Generator){.prompt = count, .end = end};
    if (count > m->context)
        return error_set(err, "a prompt of %d tokens: the model has %d positions",
                         count, m->context);
    if (!inference_new(&g->state, m, m->context, err)) return false;
    for (int i = 0; i < count; i++) ids_append(&g->text, prompt[i]);
    g->logits = mat_new(1, m->vocab);
    return true;
}

void generator_free(Generator *g) {
    inference_free(&g->state);
    mat_free(g->logits), free(g->text.at);
    *g = (Generator){0};
}

// The next token, by the logits that are there.
static bool choose(Generator *g, Sampling *s, Written *to) {
    if (!infer_finite(&g->state, NULL)) return false;
    const int *text = g->text.at;
    Mat model = mat_new(1, g->logits.cols);  // the penalties change the other
    mat_copy(model, g->logits);
    penalise(g->logits, &s->penalties, text, g->prompt, (int)g->text.size);
    Choice c = token_choose(g->logits, s);
    *to = (Written){c.token, token_log_prob(model, c.token), c.share};
    mat_free(model);
    ids_append(&g->text, c.token);
    return c.token != g->end;
}

static bool is_full(const Generator *g) {
    return (int)g->text.size > g->state.capacity;
}

// What was not read yet, but for the last `kept` tokens.
static void read_text(Generator *g, int kept, Mat logits) {
    int seen = g->state.time, n = (int)g->text.size - kept;
    infer(&g->state, g->text.at + seen, n - seen, logits);
}

bool generator_next(Generator *g, Sampling *s, Written *to) {
    *to = (Written){.token = -1};
    if (is_full(g)) return false;
    read_text(g, 0, g->logits);
    return choose(g, s, to);
}

void generators_next(Generator *const *g, Sampling *const *s, int count, Written *to,
                     bool *going) {
    Inference **each = allocate((size_t)count + 1, sizeof(Inference *));
    int *tokens = allocate((size_t)count + 1, sizeof *tokens), reading = 0;
    for (int i = 0; i < count; i++) {
        to[i] = (Written){.token = -1};
        going[i] = !is_full(g[i]);
        if (!going[i]) continue;
        read_text(g[i], 1, (Mat){0});
        each[reading] = &g[i]->state;
        tokens[reading++] = g[i]->text.at[g[i]->text.size - 1];
    }
    Mat logits = mat_new(reading, count ? g[0]->logits.cols : 0);
    if (reading) infer_together(each, reading, tokens, logits);
    for (int i = 0, row = 0; i < count; i++) {
        if (!going[i]) continue;
        mat_copy(g[i]->logits, mat_rows(logits, row++, 1));
        going[i] = choose(g[i], s[i], &to[i]);
    }
    mat_free(logits), free(each), free(tokens);
}

static void print_token(FILE *to, const Tokenizer *t, int id) {
    size_t size = 0;
    const char *bytes = token_bytes(t, id, &size);
    if (bytes) fwrite(bytes, 1, size, to);
    fflush(to);
}

bool generate_text(FILE *to, const Model *m, const Tokenizer *t, int end,
                   const char *prompt, int count, Generation *s, Error *err) {
    InferModel view;
    Ids ids = {0};
    Generator g;
    Written w;
    if (!infer_of_model(&view, m, err)) return false;
    ids_append(&ids, end);
    bool ok = tokenizer_encode(t, prompt, strlen(prompt), false, &ids, err)
              && generator_new(&g, &view, end, ids.at, (int)ids.size, err);
    if (ok) {
        fputs(prompt, to);
        for (int i = 0; i < count && generator_next(&g, s, &w) && w.token != end; i++)
            print_token(to, t, w.token);
        generator_free(&g);
    }
    free(ids.at), infer_model_free(&view);
    return ok;
}
