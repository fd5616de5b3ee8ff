#include "ch03_transformer/commands/vocabulary.h"

#include <stdio.h>
#include <string.h>

void vocabulary_open(Vocabulary *w, const char *path, const AnyCheckpoint *c) {
    const InferModel *m = &c->model;
    Error err;
    *w = (Vocabulary){.path = path, .llama = c->format == CHECKPOINT_LLAMA2C};
    if (!path) return;
    if (w->llama ? !llama_tokenizer_read(&w->of_llama, path, m->vocab, &err)
                 : !model_read(&w->of_gpt2, path, NULL, NULL, 0, &err))
        die("%s", err.text);
    if (!w->llama && w->of_gpt2.size > m->vocab)
        die("%s: %d tokens, but the model has %d", path, w->of_gpt2.size, m->vocab);
}

void vocabulary_close(Vocabulary *w) {
    if (!w->path) return;
    if (w->llama) llama_tokenizer_free(&w->of_llama);
    else tokenizer_free(&w->of_gpt2);
}

void vocabulary_print(const Vocabulary *w, int previous, int id) {
    size_t size = 0;
    const char *bytes = w->llama
                            ? llama_tokenizer_decode(&w->of_llama, previous, id, &size)
                            : token_bytes(&w->of_gpt2, id, &size);
    if (bytes) fwrite(bytes, 1, size, stdout);
}

int vocabulary_start(const Vocabulary *w, const InferModel *m) {
    return w->llama && m->vocab > LLAMA_BOS ? LLAMA_BOS : m->vocab - 1;
}
bool vocabulary_is_end(const Vocabulary *w, const InferModel *m, int id) {
    return w->llama ? id == LLAMA_BOS || id == LLAMA_EOS : id == m->vocab - 1;
}

Ids vocabulary_ids(const Vocabulary *w, const char *text, const InferModel *m) {
    Ids ids = {0};
    Error err;
    if (w->llama) {
        int count;
        if (!llama_tokenizer_encode(&w->of_llama, text, m->context, &ids.at, &count,
                                    &err))
            die("--prompt: %s", err.text);
        ids.size = (size_t)count;
    } else if (!tokenizer_encode(&w->of_gpt2, text, strlen(text), false, &ids, &err))
        die("--prompt: %s", err.text);
    return ids;
}
