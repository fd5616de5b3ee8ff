#include "ch04_pretrain/commands/inputs.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

Pretrained checkpoint_of(const Args *args, const char *command) {
    const char *path = option_text(args, "checkpoint");
    Pretrained p;
    Error err;
    if (!path) die("%s: --checkpoint FILE is needed", command);
    if (!pretrained_load(&p, path, &err)) die("%s", err.text);
    return p;
}

void check_language(const Args *args, const Lexicon *l) {
    const LanguageSettings *of = &l->language.settings;
    const struct {
        const char *name;
        double value;
    } options[] = {{"symbols", of->symbols},
                   {"order", of->order},
                   {"concentration", of->concentration}};
    for (size_t i = 0; l->language.kind && i < sizeof options / sizeof *options; i++)
        if (option_nth(args, options[i].name, 0)
            && option_real(args, options[i].name, 0, 1000) != options[i].value)
            die("--%s %s: the model's language has --%s %g", options[i].name,
                option_text(args, options[i].name), options[i].name, options[i].value);
}

Sampling filters_of(const Args *args, double coldest) {
    return (Sampling){.temperature = option_real(args, "temperature", coldest, 1e6),
                      .top_k = (int)option_int(args, "top-k", 0, INT_MAX),
                      .top_p = option_real(args, "top-p", 0, 1),
                      .min_p = option_real(args, "min-p", 0, 1)};
}

Ids prompt_of(const Lexicon *l, const char *text) {
    Ids ids = {0};
    Error err;
    ids_append(&ids, l->end);
    if (!lexicon_encode(l, text, &ids, &err)) die("--prompt: %s", err.text);
    return ids;
}

void rows_open(Rows *r, const Lexicon *l, const char *name, int time, uint64_t seed) {
    Error err;
    *r = (Rows){0};
    if (l->language.kind) {
        if (strcmp(name, l->language.kind->name) != 0)
            die("--data %s: the words are those of the language %s", name,
                l->language.kind->name);
        r->data = data_of_language(&l->language, time, seed);
        return;
    }
    if (!documents_read(&r->text, name, &err)) {
        language_suggest(name, &err);
        die("%s", err.text);
    }
    if (!corpus_encode(&r->corpus, &l->tokenizer, l->end, &r->text, &err))
        die("%s", err.text);
    r->data = data_of_corpus(&r->corpus, l->size, time, seed);
}

void rows_close(Rows *r) {
    data_free(&r->data);
    corpus_free(&r->corpus), documents_free(&r->text);
}
