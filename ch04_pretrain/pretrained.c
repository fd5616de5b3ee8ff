#include "ch04_pretrain/pretrained.h"

#include <string.h>

static bool open_language(Lexicon *l, const char *name, const LanguageSettings *s,
                          const char *path, Error *err) {
    for (int i = 0; i < LANGUAGE_COUNT; i++)
        if (strcmp(name, language_names[i]) == 0) {
            *l = lexicon_of_language(language_new((LanguageName)i, s));
            return true;
        }
    return error_set(err, "%s: language %s: no such language", path, name);
}

static bool open_lexicon(Lexicon *l, const char *path, const LanguageSettings *s,
                         Error *err) {
    Checkpoint c;
    if (!checkpoint_read(&c, path, err)) return false;
    const char *language = checkpoint_note(&c, "language");
    Tokenizer t = {0};
    bool ok;
    if (language) ok = open_language(l, language, s, path, err);
    else {
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

bool pretrained_load(Pretrained *p, const char *path, const LanguageSettings *settings,
                     Error *err) {
    *p = (Pretrained){0};
    if (!open_lexicon(&p->lexicon, path, settings, err)) return false;
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
