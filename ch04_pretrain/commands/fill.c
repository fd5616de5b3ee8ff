// fill: what a masked model puts in the gaps of a text.
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch03_transformer/sample.h"
#include "ch04_pretrain/commands/commands.h"
#include "ch04_pretrain/commands/inputs.h"

const Option fill_options[] = {
    {"checkpoint", NULL, "a model that was trained with --objective mlm"},
    {"top", "5", "so many candidates for each gap"},
    {"format", "text", "text; tsv: mask, rank, token, text, probability"},
    {0}};

static const char GAP[] = "[MASK]";

// The text up to a gap. A token brings the space before it along: that is for the model.
static void encode_part(const Lexicon *l, const char *part, size_t size, Ids *ids) {
    Error err;
    while (size && isspace((unsigned char)part[size - 1])) size--;
    char *text = strndup(part, size);
    if (!text) die("out of memory");
    if (!lexicon_encode(l, text, ids, &err)) die("fill: %s", err.text);
    free(text);
}

// END, then the text; each gap is the id `mask`.
static Ids encode(const Lexicon *l, const char *text, int mask) {
    Ids ids = {0};
    ids_append(&ids, l->end);
    for (const char *gap; (gap = strstr(text, GAP)); text = gap + strlen(GAP)) {
        encode_part(l, text, (size_t)(gap - text), &ids);
        ids_append(&ids, mask);
    }
    encode_part(l, text, strlen(text), &ids);
    return ids;
}

static void print_candidates(const Lexicon *l, Mat logits, int gap, int top, bool tsv) {
    Candidates c = candidates_new(logits, 1);
    char name[LEXICON_TEXT];
    candidates_sort(&c);
    for (int i = 0; i < top && i < c.count; i++) {
        lexicon_name(l, c.list[i].token, name);
        if (tsv)
            printf("%d\t%d\t%d\t%s\t%.9g\n", gap, i + 1, c.list[i].token, name,
                   c.list[i].p);
        else printf("%s %d  %8.4f  %s\n", GAP, gap, c.list[i].p, name);
    }
    candidates_free(&c);
}

static void fill(const Pretrained *p, const Ids *ids, int mask, int top, bool tsv) {
    const Model *m = &p->model;
    Tape *tape = tape_new((Params *)&m->params);
    Tokens in = {.batch = 1, .time = (int)ids->size, .tokens = ids->at};
    Node *logits = model_logits(tape, m, model_hidden(tape, m, &in));
    for (int i = 0; i < logits->value.rows; i++)
        if (!isfinite(logits_log_sum(mat_rows(logits->value, i, 1))))
            die("a NaN or infinity among the logits, at position %d", i + 1);
    if (tsv) printf("mask\trank\ttoken\ttext\tprobability\n");
    for (int i = 0, gap = 0; i < (int)ids->size; i++)
        if (ids->at[i] == mask)
            print_candidates(&p->lexicon, mat_rows(logits->value, i, 1), ++gap, top,
                             tsv);
    tape_free(tape);
}

int command_fill(const Args *args) {
    static const char *const formats[] = {"text", "tsv", NULL};
    if (args->file_count != 1) die("fill: expected one text with %s in it", GAP);
    const char *text = args->files[0];
    if (!strstr(text, GAP)) die("fill: '%.60s': expected %s in it", text, GAP);
    int top = (int)option_int(args, "top", 1, 1 << 20);
    bool tsv = option_choice(args, "format", formats) == 1;
    Pretrained p = checkpoint_of(args, "fill");
    const char *path = option_text(args, "checkpoint");
    int mask = p.lexicon.size;
    if (p.objective != OBJECTIVE_MLM)
        die("%s: a model of objective %s: expected one of mlm", path,
            objectives[p.objective].name);
    Ids ids = encode(&p.lexicon, text, mask);
    if ((int)ids.size > p.model.config.context)
        die("%s: a text of %zu tokens: the model has %d positions", path, ids.size,
            p.model.config.context);
    fill(&p, &ids, mask, top, tsv);
    free(ids.at), pretrained_free(&p);
    return 0;
}
