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

// Cuts a line at its tabs, in place; field `want`, or NULL.
static char *field(char *text, int want) {
    for (int i = 0; text; i++) {
        char *tab = strchr(text, '\t');
        if (i == want) {
            if (tab) *tab = '\0';
            return text;
        }
        text = tab ? tab + 1 : NULL;
    }
    return NULL;
}

static int fields_in(const char *text) {
    int count = 1;
    for (; *text; text++) count += *text == '\t';
    return count;
}

static int column_named(const char *name) {
    for (int c = 0; c < COLUMNS; c++)
        if (strcmp(name, names[c]) == 0) return c;
    return -1;
}

static bool read_header(Header *h, const Examples *e, const Line *line, Error *err) {
    char *copy = example_copy(line->text);
    bool twice = false;
    for (int c = 0; c < COLUMNS; c++) h->at[c] = -1;
    h->count = fields_in(copy);
    for (int i = 0, rest = 0; i < h->count; i++) {
        char *name = field(copy + rest, 0);
        rest += (int)strlen(name) + 1;
        int c = column_named(name);
        if (c >= 0) twice |= h->at[c] >= 0, h->at[c] = i;
    }
    free(copy);
    if (twice)
        return example_error(e, line->number, err, "a column that is named twice");
    bool answers = h->at[COLUMN_ANSWER] >= 0, chosen = h->at[COLUMN_CHOSEN] >= 0,
         rejected = h->at[COLUMN_REJECTED] >= 0;
    if (h->at[COLUMN_PROMPT] >= 0 && chosen == rejected && answers != chosen)
        return true;
    return example_error(e, line->number, err,
                         "expected the names of columns: prompt and answer, or prompt, "
                         "chosen and rejected");
}

// \n, \t and \\ become what they stand for, in place; other backslashes stay.
static char *unescape(char *text) {
    static const char from[] = "nt\\", to[] = "\n\t\\";
    char *write = text;
    for (const char *read = text; *read;) {
        const char *found = *read == '\\' && read[1] ? strchr(from, read[1]) : NULL;
        *write++ = found ? to[found - from] : *read;
        read += found ? 2 : 1;
    }
    *write = '\0';
    return text;
}

static char *text_of(const char *line, int column) {
    if (column < 0) return NULL;
    char *copy = example_copy(line), *found = field(copy, column),
         *text = example_copy(unescape(found));
    free(copy);
    return text;
}

static bool read_strength(Example *x, const Examples *e, const char *line, int column,
                          Error *err) {
    if (column < 0) return true;
    char *copy = example_copy(line), *text = field(copy, column), *end;
    x->strength = strtod(text, &end);
    bool ok = end > text && !*end;
    if (!ok)
        example_error(e, x->line, err, "strength '%.40s': expected a number", text);
    free(copy);
    return ok;
}

static bool read_row(Examples *e, const Header *h, const Line *line, Error *err) {
    int found = fields_in(line->text);
    if (found != h->count)
        return example_error(e, line->number, err,
                             "%d columns: expected %d, as in the first line", found,
                             h->count);
    Example *x = examples_add(e, line->number);
    char *system = text_of(line->text, h->at[COLUMN_SYSTEM]),
         *prompt = text_of(line->text, h->at[COLUMN_PROMPT]);
    if (system && *system) example_say(x, SPEAKER_SYSTEM, system);
    example_say(x, SPEAKER_USER, prompt);
    free(system), free(prompt);
    bool answers = h->at[COLUMN_ANSWER] >= 0;
    x->answer = text_of(line->text, h->at[answers ? COLUMN_ANSWER : COLUMN_CHOSEN]);
    x->rejected = text_of(line->text, h->at[COLUMN_REJECTED]);
    return read_strength(x, e, line->text, h->at[COLUMN_STRENGTH], err);
}

bool examples_read_tsv(Examples *e, const Line *lines, size_t count, Error *err) {
    Header h;
    if (!read_header(&h, e, &lines[0], err)) return false;
    for (size_t i = 1; i < count; i++)
        if (!read_row(e, &h, &lines[i], err)) return false;
    return true;
}
