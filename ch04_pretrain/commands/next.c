// next: what may follow a text, with exact probabilities.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/commands/commands.h"
#include "common/program/file.h"

enum { LONGEST = 4096 };

const Option next_options[] = {
    {"prompt", "", "the text so far, from its beginning"},
    {"data", "story", "the language: story, markov, hmm or chains"},
    {"exact", OPTION_FLAG, "the language's own distribution (the default)"},
    {"format", "text", "text, or tsv: token, probability"},
    LANGUAGE_OPTIONS,
    {0}};

typedef struct {
    double p;
    int symbol;
} Row;

static int more_likely_first(const void *a, const void *b) {
    const Row *x = a, *y = b;
    if (x->p != y->p) return x->p < y->p ? 1 : -1;
    return x->symbol - y->symbol;
}

// The prompt's symbols. A prompt that cannot begin a text ends the program, and names
// the word.
static int read_prompt(const Language *l, const char *prompt, int *text) {
    Error err;
    int n;
    if (!language_parse(l, prompt, text, LONGEST, &n, &err))
        die("--prompt: %s", err.text);
    double *nats = allocate((size_t)n + 1, sizeof *nats);
    for (int i = 0; i < n; i++)
        if (text[i] == MASKED) die("--prompt: [MASK] cannot be read here");
    l->kind->surprise(l, text, n, nats);
    for (int i = 0; i < n; i++)
        if (isinf(nats[i]))
            die("--prompt: word %d, '%s', cannot stand there in a text of %s", i + 1,
                language_word(l, text[i]), l->kind->name);
    free(nats);
    return n;
}

static void print_rows(FILE *out, const Language *l, const Row *rows, bool tsv) {
    if (tsv) fputs("token\tprobability\n", out);
    for (int i = 0; i < l->symbols && rows[i].p > 0; i++) {
        const char *word = language_word(l, rows[i].symbol);
        if (tsv) fprintf(out, "%s\t%.12g\n", word, rows[i].p);
        else fprintf(out, "%9.6f  %s\n", rows[i].p, word);
    }
}

int command_next(const Args *args) {
    static const char *const formats[] = {"text", "tsv", NULL};
    if (args->file_count) die("next: unexpected '%s'", args->files[0]);
    Language l = language_of(args, option_text(args, "data"));
    bool tsv = option_choice(args, "format", formats) == 1;
    int *text = allocate(LONGEST, sizeof *text);
    int n = read_prompt(&l, option_text(args, "prompt"), text);
    double *p = allocate((size_t)l.symbols, sizeof *p);
    Row *rows = allocate((size_t)l.symbols, sizeof *rows);
    l.kind->next(&l, text, n, p);
    for (int x = 0; x < l.symbols; x++) rows[x] = (Row){p[x], x};
    qsort(rows, (size_t)l.symbols, sizeof *rows, more_likely_first);
    Output out;
    Error err;
    if (!output_open(&out, "-", &err)) die("%s", err.text);
    print_rows(out.stream, &l, rows, tsv);
    if (!output_commit(&out, &err)) die("%s", err.text);
    free(text), free(p), free(rows);
    language_free(&l);
    return 0;
}
