#include "ch04_pretrain/labelled_file.h"

#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/line_reader.h"
#include "ch03_transformer/cross_entropy.h"
#include "common/program/file.h"

enum { LONGEST_LABEL = 60 };

void label_names_free(LabelNames *n) {
    for (int i = 0; i < n->count; i++) free(n->names[i]);
    free(n->names);
    *n = (LabelNames){0};
}

// The number of a label; -1: it is new, and only known ones are allowed.
static int number_of(LabelNames *n, const char *name, bool only) {
    for (int i = 0; i < n->count; i++)
        if (strcmp(n->names[i], name) == 0) return i;
    if (only) return -1;
    n->names = reallocate(n->names, (size_t)n->count + 1, sizeof *n->names);
    n->names[n->count] = strcpy(allocate(strlen(name) + 1, 1), name);
    return n->count++;
}

// What reading a line needs to know, and where it goes.
typedef struct {
    Labelled *to;
    LabelNames *names;
    const LabelledFormat *format;
    const Lexicon *lexicon;
    int *cut;
} Reading;

static bool label_of(const Reading *r, const char *name, int *label, Error *err) {
    if (!*name || strlen(name) > LONGEST_LABEL)
        return error_set(err, "expected a label of 1 to %d bytes", LONGEST_LABEL);
    *label = number_of(r->names, name, r->format->only);
    return *label >= 0
           || error_set(err, "label %s: expected one that was trained on", name);
}

// Text i: END and its ids, as many as there is room for.
static void keep(const Reading *r, int i, const Ids *ids) {
    Labelled *l = r->to;
    *r->cut += (int)ids->size > l->time;
    l->lengths[i] = (int)ids->size < l->time ? (int)ids->size : l->time;
    memcpy(l->tokens + (size_t)i * (size_t)l->time, ids->at,
           (size_t)l->lengths[i] * sizeof(int));
}

static bool read_text(const Reading *r, int i, char *label, const char *text, Ids *ids,
                      Error *err) {
    return label_of(r, label, &r->to->labels[i], err)
           && lexicon_encode(r->lexicon, text, ids, err);
}

static int words_of(const char *text) {
    int words = 0;
    for (; *text; text++) words += *text != ' ' && (!text[1] || text[1] == ' ');
    return words;
}

// Cuts the next word off, with the blanks before it; NULL: there is none. The byte
// after it is *end's until it is put back.
static char *next_word(char **at, char *end) {
    char *word = *at, *past = word + strspn(word, " ");
    past += strcspn(past, " ");
    *end = *past, *past = '\0', *at = past;
    return word;
}

// Word by word: the labels one after another, each with the first token of its word.
static bool read_words(const Reading *r, int i, char *labels, char *text, Ids *ids,
                       Error *err) {
    int *to = r->to->labels + (size_t)i * (size_t)r->to->time, n = words_of(text),
        label;
    if (words_of(labels) != n)
        return error_set(err, "expected a label for each word: %d labels, %d words",
                         words_of(labels), n);
    for (int j = 0; j < r->to->time; j++) to[j] = IGNORED;
    for (char *name = strtok(labels, " "); n > 0; n--, name = strtok(NULL, " ")) {
        char end, *word = next_word(&text, &end);
        size_t first = ids->size;
        if (!label_of(r, name, &label, err)
            || !lexicon_encode(r->lexicon, word, ids, err))
            return false;
        *text = end;
        if (first < (size_t)r->to->time) to[first] = label;
    }
    return true;
}

// One line, which is cut into its two parts.
static bool read_line(const Reading *r, int i, char *line, Error *err) {
    char *text = strchr(line, '\t');
    if (!text) return error_set(err, "expected LABEL, a tab, and a text");
    *text++ = '\0';
    Ids ids = {0};
    ids_append(&ids, r->lexicon->end);
    bool ok = r->format->place == LABEL_TEXT ? read_text(r, i, line, text, &ids, err)
                                             : read_words(r, i, line, text, &ids, err);
    if (ok && ids.size < 2) ok = error_set(err, "expected a text after the tab");
    if (ok) keep(r, i, &ids);
    free(ids.at);
    return ok;
}

static int lines_of(Reader lines) {
    int count = 0;
    while (next_line(&lines)) count++;
    free(lines.line);
    return count;
}

static bool read_lines(const Reading *r, Reader *lines) {
    Error why;
    for (int i = 0; next_line(lines); i++)
        if (!read_line(r, i, lines->line, &why)) return fail_as(lines, &why);
    return true;
}

bool labelled_read(Labelled *l, LabelNames *names, const LabelledFormat *format,
                   const Lexicon *lexicon, const char *path, int *cut, Error *err) {
    Bytes file;
    *cut = 0;
    if (!file_read(&file, path, err)) return false;
    Reader lines = {path, file.data, file.data + file.size, .err = err};
    int count = lines_of(lines);
    bool ok = count > 0 && memchr(file.data, '\0', file.size) == NULL;
    if (ok) {
        *l = labelled_new(count, format->most, format->place);
        ok = read_lines(&(Reading){l, names, format, lexicon, cut}, &lines);
        if (!ok) labelled_free(l);
    } else
        error_set(err, "%s: expected lines of text, LABEL<TAB>TEXT", file_label(path));
    free(lines.line), bytes_free(&file);
    return ok;
}
