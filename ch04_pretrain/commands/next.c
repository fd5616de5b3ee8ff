// next: what may follow a text: the exact probabilities of a language, and a model's.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/sample.h"
#include "ch04_pretrain/commands/commands.h"
#include "ch04_pretrain/commands/inputs.h"
#include "ch04_pretrain/generate.h"

enum { LONGEST = 4096 };

const Option next_options[] = {
    {"prompt", "", "the text so far, from its beginning"},
    {"data", "story", "the language: story, markov, hmm, chains or glossary"},
    {"checkpoint", NULL, "a model that `train` made: its distribution"},
    {"exact", OPTION_FLAG,
     "the language's own distribution (the default without --checkpoint)"},
    {"temperature", "1", "the model's logits are divided by it"},
    {"top-k", "0", "what the model leaves to its k most likely tokens; 0: all"},
    {"top-p", "1", "to the most likely tokens that have this probability; 1: all"},
    {"min-p", "0", "to tokens with this share of the most likely one's probability"},
    {"top", "20", "so many of the model's tokens; 0: all"},
    {"format", "text",
     "text, or tsv: token, probability, model (those that there are)"},
    LANGUAGE_OPTIONS,
    {0}};

typedef struct {
    double p, model;
    int symbol;
} Row;

static int more_likely_first(const void *a, const void *b) {
    const Row *x = a, *y = b;
    if (x->p != y->p) return x->p < y->p ? 1 : -1;
    if (x->model != y->model) return x->model < y->model ? 1 : -1;
    return x->symbol - y->symbol;
}

// The prompt's symbols. A prompt that cannot begin a text ends the program, and names
// the word.
static int read_prompt(const Language *l, const char *prompt, int *text) {
    Error err;
    int n;
    if (!language_parse(l, prompt, text, LONGEST, &n, &err))
        die("--prompt: %s", err.text);
    for (int i = 0; i < n; i++)
        if (text[i] == MASKED) die("--prompt: [MASK] cannot be read here");
    double *nats = allocate((size_t)n + 1, sizeof *nats);
    l->kind->surprise(l, text, n, nats);
    for (int i = 0; i < n; i++)
        if (isinf(nats[i]))
            die("--prompt: word %d, '%s', cannot stand there in a text of %s", i + 1,
                language_word(l, text[i]), l->kind->name);
    free(nats);
    return n;
}

typedef struct {
    bool tsv, exact, model;
    int top;
    Row *rows;
    int count;
    Lexicon lexicon;
} Table;

static void print_row(FILE *out, const Table *t, const Row *r) {
    char name[LEXICON_TEXT];
    lexicon_name(&t->lexicon, r->symbol, name);
    if (t->tsv) {
        fputs(name, out);
        if (t->exact) fprintf(out, "\t%.12g", r->p);
        if (t->model) fprintf(out, "\t%.9g", r->model);
    } else {
        if (t->exact) fprintf(out, "%9.6f", r->p);
        if (t->model) fprintf(out, "%9.6f", r->model);
        fprintf(out, "  %s", name);
    }
    fputc('\n', out);
}

// What has no probability is not worth a line; a model gives everything some, filters
// do not.
static void print_rows(FILE *out, const Table *t) {
    if (t->tsv)
        fprintf(out, "token%s%s\n", t->exact ? "\tprobability" : "",
                t->model ? "\tmodel" : "");
    for (int i = 0; i < t->count; i++) {
        const Row *r = &t->rows[i];
        bool many = t->top && i >= t->top;
        if (r->p > 0 || (r->model > 0 && !many)) print_row(out, t, r);
    }
}

static void add_exact(Table *t, const char *prompt) {
    const Language *l = &t->lexicon.language;
    int *text = allocate(LONGEST, sizeof *text);
    int n = read_prompt(l, prompt, text);
    double *p = allocate((size_t)l->symbols, sizeof *p);
    l->kind->next(l, text, n, p);
    for (int x = 0; x < l->symbols; x++) t->rows[x].p = p[x];
    free(text), free(p);
}

// From what remains after temperature and filters a token would be drawn.
static void add_drawn(Table *t, Mat logits, const Sampling *s) {
    Candidates c = candidates_of(logits, s);
    for (int i = 0; i < c.count; i++)
        t->rows[c.list[i].token].model = c.list[i].p / c.total;
    candidates_free(&c);
}

static void add_model(Table *t, const Pretrained *m, const Args *args,
                      const char *path) {
    InferModel view;
    Generator g;
    Error err;
    Sampling s = filters_of(args, 1e-3);
    Ids ids = prompt_of(&m->lexicon, option_text(args, "prompt"));
    if (!infer_of_model(&view, &m->model, &err)
        || !generator_new(&g, &view, m->lexicon.end, ids.at, (int)ids.size, &err))
        die("%s: %s", path, err.text);
    infer(&g.state, ids.at, (int)ids.size, g.logits);
    if (!infer_finite(&g.state, &err)) die("%s: %s", path, err.text);
    add_drawn(t, g.logits, &s);
    generator_free(&g), infer_model_free(&view), free(ids.at);
}

static void check_model(const Table *t, const Pretrained *m, const Args *args) {
    const Language *l = &m->lexicon.language;
    const char *path = option_text(args, "checkpoint"),
               *data = option_text(args, "data");
    if (!t->exact) return;
    if (!l->kind) die("--exact: %s is a model of a text, which has no known law", path);
    if (strcmp(l->kind->name, data) != 0)
        die("--data %s: %s is a model of %s", data, path, l->kind->name);
}

int command_next(const Args *args) {
    static const char *const formats[] = {"text", "tsv", NULL};
    if (args->file_count) die("next: unexpected '%s'", args->files[0]);
    const char *path = option_text(args, "checkpoint"),
               *prompt = option_text(args, "prompt");
    Table t = {.tsv = option_choice(args, "format", formats) == 1,
               .model = path,
               .exact = !path || option_flag(args, "exact"),
               .top = (int)option_int(args, "top", 0, 1 << 20)};
    Pretrained m = {0};
    if (path) {
        m = checkpoint_of(args, "next");
        t.lexicon = m.lexicon;
        check_language(args, &t.lexicon);
        check_model(&t, &m, args);
    } else
        t.lexicon = lexicon_of_language(language_of(args, option_text(args, "data")));
    t.count = t.lexicon.size;
    t.rows = allocate((size_t)t.count, sizeof *t.rows);
    for (int x = 0; x < t.count; x++) t.rows[x].symbol = x;
    if (t.exact) add_exact(&t, prompt);
    if (t.model) add_model(&t, &m, args, path);
    qsort(t.rows, (size_t)t.count, sizeof *t.rows, more_likely_first);
    Output out;
    Error err;
    if (!output_open(&out, "-", &err)) die("%s", err.text);
    print_rows(out.stream, &t);
    if (!output_commit(&out, &err)) die("%s", err.text);
    free(t.rows), lexicon_free(&t.lexicon);
    if (path) model_free(&m.model);
    return 0;
}
