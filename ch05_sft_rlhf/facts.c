#include "ch05_sft_rlhf/facts.h"

#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/terms.h"
#include "common/numeric/hash.h"
#include "common/program/file.h"

typedef enum { COLUMN_FACT, COLUMN_QUESTION, COLUMN_ANSWER, COLUMNS } Column;
static const char *const names[] = {"fact", "question", "answer"};
_Static_assert(sizeof names / sizeof *names == COLUMNS, "a name for each column");

// ---- what every fact must keep

static bool check_length(const Facts *f, const Fact *x, const char *what,
                         const char *text, int most, Error *err) {
    Terms words = terms_of(text);
    int count = words.count;
    terms_free(&words);
    if (count == 0) return line_error(f->path, x->line, err, "an empty %s", what);
    return count <= most
           || line_error(f->path, x->line, err, "%s of %d words: expected %d at most",
                         what, count, most);
}

static bool check_answer(const Facts *f, const Fact *x, Error *err) {
    Terms fact = terms_of(x->text), answer = terms_of(x->answer);
    const char *missing = NULL;
    for (int i = 0; i < answer.count && !missing; i++) {
        bool there = false;
        for (int k = 0; k < fact.count; k++)
            there |= fact.list[k].hash == answer.list[i].hash;
        if (!there) missing = answer.list[i].text;
    }
    if (missing)
        line_error(
            f->path, x->line, err,
            "'%.40s' of the answer is no word of the fact: expected an answer in "
            "its words",
            missing);
    terms_free(&fact), terms_free(&answer);
    return !missing;
}

static bool check(const Facts *f, const Fact *x, Error *err) {
    if (!check_length(f, x, "fact", x->text, FACT_WORDS, err)) return false;
    if (!x->question != !x->answer)
        return line_error(f->path, x->line, err, "%s without %s: expected both",
                          x->question ? "a question" : "an answer",
                          x->question ? "an answer" : "a question");
    return !x->question
           || (check_length(f, x, "question", x->question, FACT_WORDS, err)
               && check_length(f, x, "answer", x->answer, FACT_ANSWER_WORDS, err)
               && check_answer(f, x, err));
}

// ---- repeated facts: the same words, whatever is between them

typedef struct {
    uint64_t hash;
    long long line;
} Seen;

static uint64_t hash_words(const char *text) {
    Terms words = terms_of(text);
    uint64_t h = HASH_START;
    for (int i = 0; i < words.count; i++)
        h = hash_bytes(h, &words.list[i].hash, sizeof words.list[i].hash);
    terms_free(&words);
    return h;
}

static int by_hash(const void *a, const void *b) {
    const Seen *x = a, *y = b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return (x->line > y->line) - (x->line < y->line);
}

static bool check_repeated(const Facts *f, Error *err) {
    Seen *seen = allocate(f->count + 1, sizeof *seen);
    const Seen *again = NULL;
    for (size_t i = 0; i < f->count; i++)
        seen[i] = (Seen){hash_words(f->list[i].text), f->list[i].line};
    qsort(seen, f->count, sizeof *seen, by_hash);
    for (size_t i = 1; i < f->count; i++)
        if (seen[i].hash == seen[i - 1].hash && (!again || seen[i].line < again->line))
            again = &seen[i];
    if (again)
        line_error(f->path, again->line, err, "the fact of line %lld again",
                   again[-1].line);
    free(seen);
    return !again;
}

// ---- reading

// A field, or NULL where it is blank.
static char *field_said(const char *line, int column) {
    char *text = line_field(line, column);
    if (!text || !text_is_blank(text)) return text;
    free(text);
    return NULL;
}

static bool read_row(Facts *f, const int *at, int columns, const Line *line,
                     Error *err) {
    int found = line_fields(line->text);
    if (found != columns)
        return line_error(f->path, line->number, err,
                          "%d columns: expected %d, as in the first line", found,
                          columns);
    if (f->count == FACTS_MOST)
        return line_error(f->path, line->number, err, "expected %d facts at most",
                          FACTS_MOST);
    reserve(f->list, f->capacity, f->count + 1);
    f->list[f->count++] =
        (Fact){line_field(line->text, at[COLUMN_FACT]),
               field_said(line->text, at[COLUMN_QUESTION]),
               field_said(line->text, at[COLUMN_ANSWER]), line->number};
    return check(f, &f->list[f->count - 1], err);
}

static bool read_lines(Facts *f, const Lines *lines, Error *err) {
    int at[COLUMNS];
    if (!lines->count) return error_set(err, "%.80s: no facts in it", f->path);
    const Line *first = &lines->list[0];
    if (!table_columns(at, names, COLUMNS, f->path, first, err)) return false;
    if (at[COLUMN_FACT] < 0)
        return line_error(f->path, first->number, err,
                          "no column 'fact': expected the names of columns: fact, and "
                          "perhaps question and answer");
    if ((at[COLUMN_QUESTION] < 0) != (at[COLUMN_ANSWER] < 0))
        return line_error(
            f->path, first->number, err,
            "no column '%s': expected question and answer, or neither",
            names[at[COLUMN_QUESTION] < 0 ? COLUMN_QUESTION : COLUMN_ANSWER]);
    for (size_t i = 1; i < lines->count; i++)
        if (!read_row(f, at, line_fields(first->text), &lines->list[i], err))
            return false;
    if (!f->count) return error_set(err, "%.80s: no facts in it", f->path);
    return check_repeated(f, err);
}

bool facts_of_text(Facts *f, const char *path, const char *text, size_t size,
                   Error *err) {
    *f = (Facts){.path = text_copy_of(path)};
    char *copy = allocate(size + 1, 1);
    if (size) memcpy(copy, text, size);
    Lines lines = {0};
    bool ok =
        lines_split(&lines, f->path, copy, size, err) && read_lines(f, &lines, err);
    free(lines.list), free(copy);
    if (!ok) facts_free(f);
    return ok;
}

bool facts_read(Facts *f, const char *path, Error *err) {
    Bytes bytes;
    if (!file_read(&bytes, path, err)) return false;
    bool ok = facts_of_text(f, file_label(path), bytes.data, bytes.size, err);
    bytes_free(&bytes);
    return ok;
}

void facts_free(Facts *f) {
    for (size_t i = 0; i < f->count; i++) {
        Fact *x = &f->list[i];
        free(x->text), free(x->question), free(x->answer);
    }
    free(f->list), free(f->path);
    *f = (Facts){0};
}
