#include "ch04_pretrain/labelled_file.h"

#include <stdlib.h>
#include <string.h>

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

// One line, which is cut into its two parts.
static bool read_line(Labelled *l, int i, char *line, LabelNames *names, bool only,
                      const Lexicon *lexicon, int *cut, Error *err) {
    char *text = strchr(line, '\t');
    if (!text) return error_set(err, "expected LABEL, a tab, and a text");
    *text++ = '\0';
    if (!*line || strlen(line) > LONGEST_LABEL)
        return error_set(err, "expected a label of 1 to %d bytes", LONGEST_LABEL);
    if ((l->labels[i] = number_of(names, line, only)) < 0)
        return error_set(err, "label %s: expected one that was trained on", line);
    Ids ids = {0};
    ids_append(&ids, lexicon->end);
    bool ok = lexicon_encode(lexicon, text, &ids, err);
    if (ok && ids.size < 2) ok = error_set(err, "expected a text after the tab");
    int n = (int)ids.size < l->time ? (int)ids.size : l->time;
    *cut += (int)ids.size > l->time;
    if (ok)
        memcpy(l->tokens + (size_t)i * (size_t)l->time, ids.at,
               (size_t)n * sizeof(int));
    l->lengths[i] = n;
    free(ids.at);
    return ok;
}

static int lines_of(const Bytes *file) {
    int lines = 0;
    for (size_t i = 0; i < file->size; i++) lines += file->data[i] == '\n';
    return lines + (file->size && file->data[file->size - 1] != '\n');
}

// Replaces the line's end by a NUL, "\r\n" as well; returns where the next one begins.
static char *end_line(char *line) {
    char *end = line + strcspn(line, "\n"), *next = end + (*end != '\0');
    if (end > line && end[-1] == '\r') end[-1] = '\0';
    *end = '\0';
    return next;
}

bool labelled_read(Labelled *l, LabelNames *names, bool only, const Lexicon *lexicon,
                   const char *path, int most, int *cut, Error *err) {
    Bytes file;
    Error why;
    *cut = 0;
    if (!file_read(&file, path, err)) return false;
    int lines = lines_of(&file);
    bool whole = memchr(file.data, '\0', file.size) == NULL;
    if (!lines || !whole) {
        bytes_free(&file);
        return error_set(err, "%s: expected lines of text, LABEL<TAB>TEXT",
                         file_label(path));
    }
    *l = labelled_new(lines, most, LABEL_TEXT);
    char *line = file.data;
    bool ok = true;
    for (int i = 0; i < lines && ok; i++) {
        char *next = end_line(line);
        ok = read_line(l, i, line, names, only, lexicon, cut, &why)
             || error_set(err, "%s:%d: %.400s", file_label(path), i + 1, why.text);
        line = next;
    }
    bytes_free(&file);
    if (!ok) labelled_free(l);
    return ok;
}
