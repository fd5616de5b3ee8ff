#include "ch03_transformer/commands/vocabulary.h"

#include <stdio.h>
#include <string.h>

#include "ch03_transformer/tokenizer_notes.h"

static bool open_file(Vocabulary *w, const char *path, int vocab, Error *err) {
    return w->llama ? llama_tokenizer_read(&w->of_llama, path, vocab, err)
                    : model_read(&w->of_gpt2, path, NULL, NULL, 0, err);
}

// The one inside our own checkpoint; false where there is none.
static bool open_noted(Vocabulary *w, const char *path) {
    Checkpoint c;
    Error err;
    if (!checkpoint_read(&c, path, &err)) die("%s", err.text);
    bool tokens = tokenizer_is_noted(&c), words = word_list_is_noted(&c);
    if (tokens && !tokenizer_of_notes(&w->of_gpt2, &c, path, &err)) die("%s", err.text);
    if (words && !word_list_of_notes(&w->words, &c, path, &err)) die("%s", err.text);
    checkpoint_free(&c);
    return tokens || words;
}

void vocabulary_open(Vocabulary *w, const char *path, const AnyCheckpoint *c,
                     const char *checkpoint_path) {
    int vocab = c->model.vocab;
    Error err;
    *w = (Vocabulary){.llama = c->format == CHECKPOINT_LLAMA2C};
    if (path && !open_file(w, path, vocab, &err)) die("%s", err.text);
    w->known = path || (c->format == CHECKPOINT_OWN && open_noted(w, checkpoint_path));
    int size = w->words.count ? w->words.count : w->of_gpt2.size;
    if (w->known && !w->llama && size > vocab)
        die("%s: %d tokens, but the model has %d", path ? path : checkpoint_path, size,
            vocab);
}

void vocabulary_close(Vocabulary *w) {
    if (!w->known) return;
    if (w->llama) llama_tokenizer_free(&w->of_llama);
    else if (w->words.count) word_list_free(&w->words);
    else tokenizer_free(&w->of_gpt2);
}

void vocabulary_print(const Vocabulary *w, int previous, int id) {
    size_t size = 0;
    if (w->words.count) {
        word_list_print(&w->words, stdout, previous, id);
        return;
    }
    const char *bytes = w->llama
                            ? llama_tokenizer_decode(&w->of_llama, previous, id, &size)
                            : token_bytes(&w->of_gpt2, id, &size);
    if (bytes) fwrite(bytes, 1, size, stdout);
}

int vocabulary_start(const Vocabulary *w, const InferModel *m) {
    if (w->words.count) return w->words.end;
    return w->llama && m->vocab > LLAMA_BOS ? LLAMA_BOS : m->vocab - 1;
}
bool vocabulary_is_end(const Vocabulary *w, const InferModel *m, int id) {
    return w->llama ? id == LLAMA_BOS || id == LLAMA_EOS : id == vocabulary_start(w, m);
}

Ids vocabulary_ids(const Vocabulary *w, const char *text, const InferModel *m) {
    Ids ids = {0};
    Error err;
    if (w->words.count) {
        // such a model has read nothing that does not begin with it
        ids_append(&ids, w->words.end);
        if (!word_list_encode(&w->words, text, &ids, &err))
            die("--prompt: %s", err.text);
    } else if (w->llama) {
        int count;
        if (!llama_tokenizer_encode(&w->of_llama, text, m->context, &ids.at, &count,
                                    &err))
            die("--prompt: %s", err.text);
        ids.size = (size_t)count;
    } else if (!tokenizer_encode(&w->of_gpt2, text, strlen(text), false, &ids, &err))
        die("--prompt: %s", err.text);
    return ids;
}
