#include "ch04_pretrain/pretrained.h"

#include <string.h>

#include "ch04_pretrain/language_notes.h"

static bool open_lexicon(Lexicon *l, const char *path, Error *err) {
    Checkpoint c;
    if (!checkpoint_read(&c, path, err)) return false;
    Tokenizer t = {0};
    Language of;
    bool ok;
    if (language_is_noted(&c)) {
        ok = language_of_notes(&of, &c, path, err);
        if (ok) *l = lexicon_of_language(of);
    } else {
        ok = tokenizer_of_notes(&t, &c, path, err);
        if (ok && !lexicon_of_tokenizer(l, t, err)) {
            char why[sizeof err->text];
            memcpy(why, err->text, sizeof why);
            tokenizer_free(&t);
            ok = error_set(err, "%s: %.400s", path, why);
        }
    }
    checkpoint_free(&c);
    return ok;
}

// What the file does not say, the model's form does.
static bool find_objective(Pretrained *p, const char *path, Error *err) {
    const Config *c = &p->model.config;
    int more = c->vocabulary - p->lexicon.size;
    if (c->family == FAMILY_ENCODER_DECODER) p->objective = OBJECTIVE_SPAN;
    else if (c->family == FAMILY_ENCODER) p->objective = OBJECTIVE_MLM;
    else p->objective = more ? OBJECTIVE_GLM : OBJECTIVE_CLM;
    if (c->head != HEAD_NONE && pretrained_time(p, p->objective) > 0) return true;
    return error_set(err, "%s: a model of %d ids for %d words: no model of language",
                     path, c->vocabulary, p->lexicon.size);
}

bool pretrained_load(Pretrained *p, const char *path, Error *err) {
    *p = (Pretrained){0};
    if (!open_lexicon(&p->lexicon, path, err)) return false;
    if (!model_load(path, &p->model, err)) {
        lexicon_free(&p->lexicon);
        return false;
    }
    if (find_objective(p, path, err)) return true;
    pretrained_free(p);
    return false;
}

void pretrained_free(Pretrained *p) {
    model_free(&p->model);
    lexicon_free(&p->lexicon);
}

int pretrained_time(const Pretrained *p, ObjectiveKind objective) {
    const Config *c = &p->model.config;
    int more = c->vocabulary - p->lexicon.size, time = c->context;
    if (objectives[objective].family != c->family) return 0;
    // an objective's own ids come after the data's, as many as its rows need
    while (time > 1
           && (objective_context(objective, time) > c->context
               || objective_special_tokens(objective, time) > more))
        time--;
    return objective_special_tokens(objective, time) > more || more < 0 ? 0 : time;
}
