// The table of examples.h: tab-separated, columns named in the first line.
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/examples.h"

typedef enum {
    COLUMN_PROMPT,
    COLUMN_ANSWER,
    COLUMN_CHOSEN,
    COLUMN_REJECTED,
    COLUMN_STRENGTH,
    COLUMN_SYSTEM,
    COLUMNS
} Column;
static const char *const names[] = {"prompt",   "answer",   "chosen",
                                    "rejected", "strength", "system"};
_Static_assert(sizeof names / sizeof *names == COLUMNS, "a name for each column");

typedef struct {
    int at[COLUMNS];  // -1: not there
    int count;        // of all columns
} Header;

static bool read_header(Header *h, const Examples *e, const Line *line, Error *err) {
    h->count = line_fields(line->text);
    if (!table_columns(h->at, names, COLUMNS, e->path, line, err)) return false;
    bool answers = h->at[COLUMN_ANSWER] >= 0, chosen = h->at[COLUMN_CHOSEN] >= 0,
         rejected = h->at[COLUMN_REJECTED] >= 0;
    if (h->at[COLUMN_PROMPT] >= 0 && chosen == rejected && answers != chosen)
        return true;
    return example_error(e, line->number, err,
                         "expected the names of columns: prompt and answer, or prompt, "
                         "chosen and rejected");
}

static bool read_strength(Example *x, const Examples *e, const char *line, int column,
                          Error *err) {
    if (column < 0) return true;
    char *text = line_field(line, column), *end;
    x->strength = strtod(text, &end);
    bool ok = end > text && !*end;
    if (!ok)
        example_error(e, x->line, err, "strength '%.40s': expected a number", text);
    free(text);
    return ok;
}

static bool read_row(Examples *e, const Header *h, const Line *line, Error *err) {
    int found = line_fields(line->text);
    if (found != h->count)
        return example_error(e, line->number, err,
                             "%d columns: expected %d, as in the first line", found,
                             h->count);
    Example *x = examples_add(e, line->number);
    char *system = line_field(line->text, h->at[COLUMN_SYSTEM]),
         *prompt = line_field(line->text, h->at[COLUMN_PROMPT]);
    if (system && *system) example_say(x, SPEAKER_SYSTEM, system);
    example_say(x, SPEAKER_USER, prompt);
    free(system), free(prompt);
    bool answers = h->at[COLUMN_ANSWER] >= 0;
    x->answer = line_field(line->text, h->at[answers ? COLUMN_ANSWER : COLUMN_CHOSEN]);
    x->rejected = line_field(line->text, h->at[COLUMN_REJECTED]);
    return read_strength(x, e, line->text, h->at[COLUMN_STRENGTH], err);
}

bool examples_read_tsv(Examples *e, const Line *lines, size_t count, Error *err) {
    Header h;
    if (!read_header(&h, e, &lines[0], err)) return false;
    for (size_t i = 1; i < count; i++)
        if (!read_row(e, &h, &lines[i], err)) return false;
    return true;
}
