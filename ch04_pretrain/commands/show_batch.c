// show-batch: what a model reads and what it must predict, as text.
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/commands/commands.h"
#include "ch04_pretrain/commands/inputs.h"
#include "common/numeric/small.h"

enum { WIDTH = 100 };

const Option show_batch_options[] = {
    {"data", NULL, "a text, or a language: story, markov, hmm, chains, glossary"},
    {"objective", "clm", "clm, prefix, mlm, span, glm, nsp or sop"},
    {"rows", "2", "how many"},
    {"context", "24", "tokens of a row of data"},
    {"first", "0", "number of the first row"},
    {"checkpoint", NULL, "a model whose tokens are used; else they are trained here"},
    {"vocab", "512", "how many tokens are trained"},
    {"mask-share", "0.15", "mlm: of the tokens that are to be predicted"},
    {"seed", "1", "of the rows and what becomes of them"},
    {"format", "text",
     "text; tsv: sequence, position, input, text, target, counted, segment, "
     "position_ids"},
    LANGUAGE_OPTIONS,
    {0}};

// ---- tokens

static Lexicon lexicon_trained(const char *path, int vocabulary) {
    Documents text;
    Tokenizer t;
    Lexicon l;
    Error err;
    if (!documents_read(&text, path, &err)) {
        language_suggest(path, &err);
        die("%s", err.text);
    }
    if (!corpus_tokenizer(&t, &text, vocabulary, "gpt2", &err)
        || !lexicon_of_tokenizer(&l, t, &err))
        die("%s", err.text);
    documents_free(&text);
    return l;
}

static Lexicon lexicon_for(const Args *args, const char *data) {
    if (option_text(args, "checkpoint")) {
        Pretrained p = checkpoint_of(args, "show-batch");
        model_free(&p.model);
        check_language(args, &p.lexicon);
        return p.lexicon;
    }
    int vocabulary = (int)option_int(args, "vocab", 257, 1 << 20);
    return language_named(data) >= 0 ? lexicon_of_language(language_of(args, data))
                                     : lexicon_trained(data, vocabulary);
}

// ---- one position of a batch

// What an objective adds to the data's ids.
static const char *added_name(ObjectiveKind kind, int k, char to[LEXICON_TEXT]) {
    const char *const *names = objectives[kind].special_names;
    for (int i = 0; names && names[i]; i++)
        if (i == k) return names[i];
    snprintf(to, LEXICON_TEXT, "<%d>", k);
    return to;
}

typedef struct {
    const Lexicon *lexicon;
    ObjectiveKind kind;
    const Batch *b;
    bool tsv;
} Show;

static const char *name_of(const Show *s, int id, char to[LEXICON_TEXT]) {
    return id >= s->lexicon->size ? added_name(s->kind, id - s->lexicon->size, to)
                                  : lexicon_name(s->lexicon, id, to);
}

typedef struct {
    int input, target, segment, position;  // target IGNORED: none
    bool is_label;
} Cell;

static int at(const int *of, size_t i, int otherwise) { return of ? of[i] : otherwise; }

// Position i of a row: first of what an encoder reads, if there is one, then of the rest.
// An encoder's side is segment 0, its decoder's 1.
static bool cell_of(const Batch *b, int row, int i, Cell *c) {
    int source = b->source_time ? b->source_lengths[row] : 0;
    if (i < source) {
        *c = (Cell){b->source[(size_t)row * b->source_time + i], IGNORED, 0, i, false};
        return true;
    }
    i -= source;
    if (i >= (b->lengths ? b->lengths[row] : b->time)) return false;
    size_t k = (size_t)row * b->time + i;
    bool label = b->labels && i == 0;
    *c = (Cell){b->tokens[k], label ? b->labels[row] : b->targets[k],
                at(b->segments, k, source > 0), at(b->positions, k, i), label};
    return true;
}

static const char *target_name(const Show *s, const Cell *c, char to[LEXICON_TEXT]) {
    if (c->target < 0) return "-";
    if (!c->is_label) return name_of(s, c->target, to);
    snprintf(to, LEXICON_TEXT, "label %d", c->target);
    return to;
}

// ---- printing

static void print_tsv(FILE *out, const Show *s, int row, long long number) {
    char text[LEXICON_TEXT], target[16];
    Cell c;
    for (int i = 0; cell_of(s->b, row, i, &c); i++) {
        snprintf(target, sizeof target, "%d", c.target);
        fprintf(out, "%lld\t%d\t%d\t%s\t%s\t%d\t%d\t%d\n", number, i, c.input,
                name_of(s, c.input, text), c.target < 0 ? "-" : target, c.target >= 0,
                c.segment, c.position);
    }
}

// Bytes that continue a character take no place on the screen.
static int width_of(const char *text) {
    int width = 0;
    for (; *text; text++) width += (*text & 0xc0) != 0x80;
    return width;
}

static void print_padded(FILE *out, const char *text, int width) {
    int more = width - width_of(text);
    fprintf(out, "  %s%*s", text, more > 0 ? more : 0, "");
}

static int column_width(const Show *s, const Cell *c) {
    char input[LEXICON_TEXT], target[LEXICON_TEXT];
    return int_max(width_of(name_of(s, c->input, input)),
                   width_of(target_name(s, c, target)));
}

enum { LINE_INPUT, LINE_TARGET, LINE_POSITION, LINE_SEGMENT, LINES };
static const char *const line_names[LINES] = {"input", "target", "position", "segment"};

static void print_cell(FILE *out, const Show *s, const Cell *c, int line, bool last) {
    char text[LEXICON_TEXT];
    int width = last ? 0 : column_width(s, c),
        number = line == LINE_SEGMENT ? c->segment : c->position;
    if (line == LINE_INPUT) print_padded(out, name_of(s, c->input, text), width);
    else if (line == LINE_TARGET) print_padded(out, target_name(s, c, text), width);
    else {
        snprintf(text, sizeof text, "%d", number);
        print_padded(out, text, width);
    }
}

// As many positions below one another as a line holds; returns where the next begin.
static int print_block(FILE *out, const Show *s, int row, int first) {
    int last = first, used = 10;
    Cell c;
    for (; cell_of(s->b, row, last, &c); last++)
        if ((used += 2 + column_width(s, &c)) > WIDTH && last > first) break;
    for (int line = 0; line < LINES; line++) {
        if (line == LINE_SEGMENT && !s->b->segments && !s->b->source_time) continue;
        fprintf(out, "%-8s", line_names[line]);
        for (int i = first; i < last; i++)
            cell_of(s->b, row, i, &c), print_cell(out, s, &c, line, i + 1 == last);
        fputc('\n', out);
    }
    fputc('\n', out);
    return last;
}

static void print_row(FILE *out, const Show *s, int row, long long number) {
    Cell c;
    fprintf(out, "row %lld\n", number);
    for (int i = 0; cell_of(s->b, row, i, &c);) i = print_block(out, s, row, i);
}

int command_show_batch(const Args *args) {
    static const char *const formats[] = {"text", "tsv", NULL};
    const char *data = option_text(args, "data");
    if (args->file_count)
        die("show-batch: unexpected '%s'; --data FILE", args->files[0]);
    if (!data) die("show-batch: --data FILE is needed, or a language");
    int time = (int)option_int(args, "context", 2, 1 << 16);
    int count = (int)option_int(args, "rows", 1, 1 << 16);
    long long first = option_int(args, "first", 0, 1LL << 40);
    uint64_t seed = (uint64_t)option_int(args, "seed", 0, 1LL << 62);
    ObjectiveSettings o = {
        .kind = (ObjectiveKind)option_choice(args, "objective", objective_names()),
        .mask_share = option_real(args, "mask-share", 0, 1),
        .rng = rng_new(seed)};
    bool tsv = option_choice(args, "format", formats) == 1;
    Lexicon lexicon = lexicon_for(args, data);
    Rows rows;
    rows_open(&rows, &lexicon, data, time, seed);
    Batch b = objective_batch_new(&o, count, time);
    objective_fill(&b, &o, &rows.data, first);
    Show show = {&lexicon, o.kind, &b, tsv};
    Output out;
    Error err;
    if (!output_open(&out, "-", &err)) die("%s", err.text);
    if (tsv)
        fputs(
            "sequence\tposition\tinput\ttext\ttarget\tcounted\tsegment\t"
            "position_ids\n",
            out.stream);
    for (int r = 0; r < count; r++)
        (tsv ? print_tsv : print_row)(out.stream, &show, r, first + r);
    if (!output_commit(&out, &err)) die("%s", err.text);
    batch_free(&b), rows_close(&rows), lexicon_free(&lexicon);
    return 0;
}
