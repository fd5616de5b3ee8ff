#include "ch04_pretrain/language_notes.h"

#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/word_list.h"

enum { NUMBER = 40, CONTEXTS = 1024, ORDER_MOST = 10, SYMBOLS_MOST = 26 };

bool language_settings_check(const LanguageSettings *s, Error *err) {
    bool order = 0 <= s->order && s->order <= ORDER_MOST,
         symbols = 2 <= s->symbols && s->symbols <= SYMBOLS_MOST;
    if (!symbols || !order || !(s->concentration >= 0.01 && s->concentration <= 1000))
        return error_set(err, "order %d, %d symbols, concentration %g: no language",
                         s->order, s->symbols, s->concentration);
    if (pow(s->symbols, s->order) > CONTEXTS)
        return error_set(err,
                         "--order %d with --symbols %d: expected at most %d contexts",
                         s->order, s->symbols, CONTEXTS);
    return true;
}

// ---- settings: a number each

typedef struct {
    const char *key;
    double value;
} Setting;

enum { SETTINGS = 4 };

static void settings_list(const LanguageSettings *s, Setting list[SETTINGS]) {
    list[0] = (Setting){"language.symbols", s->symbols};
    list[1] = (Setting){"language.order", s->order};
    list[2] = (Setting){"language.concentration", s->concentration};
    list[3] = (Setting){"language.seed", (double)s->seed};
}

static bool read_setting(Setting *s, const Checkpoint *c, const char *path,
                         Error *err) {
    const char *text = checkpoint_note(c, s->key);
    char *end = "";
    errno = 0;
    if (text) s->value = strtod(text, &end);
    if (text && end != text && !*end && !errno && fabs(s->value) < 0x1p53) return true;
    return error_set(err, "%s: note %s: expected a number", path, s->key);
}

static bool read_settings(LanguageSettings *s, const Checkpoint *c, const char *path,
                          Error *err) {
    Setting list[SETTINGS];
    Error why;
    settings_list(s, list);
    for (int i = 0; i < SETTINGS; i++)
        if (!read_setting(&list[i], c, path, err)) return false;
    // what is no int, or no seed, is none that is allowed
    *s = (LanguageSettings){(uint64_t)fmax(list[3].value, 0),
                            (int)fmin(fmax(list[0].value, 0), 1e6),
                            (int)fmin(fmax(list[1].value, -1), 1e6), list[2].value};
    if (language_settings_check(s, &why)) return true;
    return error_set(err, "%s: %.400s", path, why.text);
}

// ---- words

static WordList words_of(const Lexicon *l) {
    WordList w = {allocate((size_t)l->size, sizeof *w.list), l->size, l->end};
    for (int i = 0; i < l->size; i++)
        w.list[i] = i == l->end ? "<end>" : (char *)language_word(&l->language, i);
    return w;
}

static bool same_words(const Lexicon *l, const Checkpoint *c, const char *path,
                       Error *err) {
    WordList noted, own = words_of(l);
    if (!word_list_of_notes(&noted, c, path, err)) {
        free(own.list);
        return false;
    }
    bool same = noted.count == own.count && noted.end == own.end;
    for (int i = 0; same && i < own.count; i++)
        same = strcmp(noted.list[i], own.list[i]) == 0;
    free(own.list), word_list_free(&noted);
    return same
           || error_set(err, "%s: its words are not those of the language %s", path,
                        l->language.kind->name);
}

// ---- the whole

bool model_save_with_language(const char *path, const Model *m, const Language *l,
                              Error *err) {
    Lexicon lexicon = lexicon_of_language(*l);
    WordList words = words_of(&lexicon);
    Setting list[SETTINGS];
    char numbers[SETTINGS][NUMBER];
    CheckpointNote notes[SETTINGS + 1] = {{"language", l->kind->name}};
    settings_list(&l->settings, list);
    for (int i = 0; i < SETTINGS; i++) {
        snprintf(numbers[i], NUMBER, "%.17g", list[i].value);
        notes[i + 1] = (CheckpointNote){list[i].key, numbers[i]};
    }
    bool ok = model_save_with_word_list(path, m, &words, notes, SETTINGS + 1, err);
    free(words.list);
    return ok;
}

bool language_is_noted(const Checkpoint *c) {
    return checkpoint_note(c, "language") != NULL;
}

bool language_of_notes(Language *l, const Checkpoint *c, const char *path, Error *err) {
    const char *name = checkpoint_note(c, "language");
    LanguageSettings settings = LANGUAGE_DEFAULTS;
    int which = language_named(name);
    if (which < 0)
        return error_set(err, "%s: language %s: no such language", path, name);
    if (!read_settings(&settings, c, path, err)) return false;
    *l = language_new((LanguageName)which, &settings);
    Lexicon lexicon = lexicon_of_language(*l);
    if (same_words(&lexicon, c, path, err)) return true;
    language_free(l);
    return false;
}
