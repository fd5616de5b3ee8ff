#include "ch04_pretrain/pretrained.h"

bool pretrained_load(const char *path, Model *m, Tokenizer *t, Error *err) {
    Checkpoint c;
    *t = (Tokenizer){0};
    if (!checkpoint_read(&c, path, err)) return false;
    bool ok = tokenizer_of_notes(t, &c, path, err);
    checkpoint_free(&c);
    if (!ok) return false;
    ok = model_load(path, m, err);
    if (ok && m->config.vocabulary < t->size) {
        ok = error_set(err, "%s: a tokenizer of %d ids for a model of %d", path,
                       t->size, m->config.vocabulary);
        model_free(m);
    }
    if (!ok) tokenizer_free(t);
    return ok;
}
