#include "ch03_transformer/tokenizer_notes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/model_file.h"

static const char PREFIX[] = "tokenizer.";
enum { KEY = 32 };

// In our own format; NULL and err where that cannot hold it.
static char *text_of(const Tokenizer *t, Error *err) {
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (!stream) die("out of memory");
    bool ok = formats[FORMAT_OWN].write(t, stream, err);
    if (fclose(stream) != 0) die("out of memory");
    if (ok) return text;
    free(text);
    return NULL;
}

// A note for each line of text, which loses its newlines, and then `more`. The caller
// frees the list and the keys of the lines, *count of them.
static CheckpointNote *notes_of_lines(char *text, int *count,
                                      const CheckpointNote *more, int more_count) {
    CheckpointNote *notes = NULL;
    size_t capacity = 0;
    *count = 0;
    for (char *rest = text, *line; (line = strtok_r(rest, "\n", &rest));) {
        reserve(notes, capacity, (size_t)(*count + 1 + more_count));
        char *key = allocate(KEY, 1);
        snprintf(key, KEY, "%s%d", PREFIX, *count + 1);
        notes[(*count)++] = (CheckpointNote){key, line};
    }
    for (int i = 0; i < more_count; i++) notes[*count + i] = more[i];
    return notes;
}

bool model_save_with_tokenizer_and(const char *path, const Model *m, const Tokenizer *t,
                                   const CheckpointNote *more, int more_count,
                                   Error *err) {
    int lines;
    char *text = text_of(t, err);
    if (!text) return false;
    CheckpointNote *notes = notes_of_lines(text, &lines, more, more_count);
    bool ok = model_save_with(path, m, notes, lines + more_count, err);
    for (int i = 0; i < lines; i++) free((char *)notes[i].key);
    free(notes), free(text);
    return ok;
}

bool model_save_with_tokenizer(const char *path, const Model *m, const Tokenizer *t,
                               Error *err) {
    return model_save_with_tokenizer_and(path, m, t, NULL, 0, err);
}

static bool is_line(const CheckpointNote *note) {
    return strncmp(note->key, PREFIX, strlen(PREFIX)) == 0;
}

bool tokenizer_is_noted(const Checkpoint *c) {
    for (int i = 0; i < c->note_count; i++)
        if (is_line(&c->notes[i])) return true;
    return false;
}

bool tokenizer_of_notes(Tokenizer *t, const Checkpoint *c, const char *path,
                        Error *err) {
    char *text = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&text, &size);
    if (!stream) die("out of memory");
    for (int i = 0; i < c->note_count; i++)
        if (is_line(&c->notes[i])) fprintf(stream, "%s\n", c->notes[i].value);
    if (fclose(stream) != 0) die("out of memory");
    bool ok = size > 0
                  ? model_read_bytes(t, path, (Bytes){text, size}, NULL, NULL, 0, err)
                  : error_set(err, "%s: a model without a tokenizer", path);
    free(text);
    return ok;
}
