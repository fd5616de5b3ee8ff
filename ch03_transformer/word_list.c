#include "ch03_transformer/word_list.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char BLANKS[] = " \t\r\n", POINTS[] = ".,?";
static const char END_KEY[] = "words.end";
enum { KEY = 32, MOST = 1 << 24 };

// ---- texts

const char *word_next(const char **text, size_t *length) {
    const char *word = *text + strspn(*text, BLANKS);
    if (!*word) return NULL;
    *length = strcspn(word, " \t\r\n.,?");
    if (*length == 0) *length = 1;  // a point
    *text = word + *length;
    return word;
}

bool word_is_point(const char *word) { return word[0] && strchr(POINTS, word[0]); }

void word_print(FILE *out, const char *previous, const char *word, bool prose) {
    bool begins = !previous || previous[0] == '.' || previous[0] == '?';
    if (previous && !word_is_point(word)) fputc(' ', out);
    fputc(prose && begins ? toupper((unsigned char)word[0]) : word[0], out);
    fputs(word + 1, out);
}

// ---- the list

static int find(const WordList *w, const char *word, size_t length) {
    for (int i = 0; i < w->count; i++)
        if (strncasecmp(w->list[i], word, length) == 0 && !w->list[i][length]) return i;
    return -1;
}

bool word_list_encode(const WordList *w, const char *text, Ids *ids, Error *err) {
    size_t length;
    for (const char *word; (word = word_next(&text, &length));) {
        int id = find(w, word, length);
        if (id < 0)
            return error_set(err, "'%.*s' is none of the model's words",
                             length < 40 ? (int)length : 40, word);
        ids_append(ids, id);
    }
    return true;
}

void word_list_print(const WordList *w, FILE *out, int previous, int id) {
    if (id == w->end || id >= w->count) return;
    bool first = previous < 0 || previous == w->end || previous >= w->count;
    word_print(out, first ? NULL : w->list[previous], w->list[id],
               find(w, ".", 1) >= 0);
}

void word_list_free(WordList *w) {
    for (int i = 0; i < w->count; i++) free(w->list[i]);
    free(w->list);
    *w = (WordList){0};
}

// ---- in a checkpoint

static CheckpointNote note_new(const char *key, int number, const char *value) {
    CheckpointNote note = {allocate(KEY, 1), strdup(value)};
    snprintf((char *)note.key, KEY, key, number);
    if (!note.value) die("out of memory");
    return note;
}

bool model_save_with_word_list(const char *path, const Model *m, const WordList *w,
                               const CheckpointNote *more, int more_count, Error *err) {
    int count = w->count + 1;
    CheckpointNote *notes = allocate((size_t)(more_count + count), sizeof *notes);
    char end[KEY];
    snprintf(end, sizeof end, "%d", w->end);
    for (int i = 0; i < more_count; i++) notes[i] = more[i];
    notes[more_count] = note_new(END_KEY, 0, end);
    for (int i = 0; i < w->count; i++)
        notes[more_count + 1 + i] = note_new("words.%d", i, w->list[i]);
    bool ok = model_save_with(path, m, notes, more_count + count, err);
    for (int i = more_count; i < more_count + count; i++)
        free((char *)notes[i].key), free((char *)notes[i].value);
    free(notes);
    return ok;
}

bool word_list_is_noted(const Checkpoint *c) {
    return checkpoint_note(c, END_KEY) != NULL;
}

// So many notes words.0, words.1, ... as there are in a row.
static void read_list(WordList *w, const Checkpoint *c) {
    char key[KEY];
    size_t capacity = 0;
    for (const char *word;; w->list[w->count++] = strdup(word)) {
        snprintf(key, sizeof key, "words.%d", w->count);
        word = checkpoint_note(c, key);
        if (!word || !*word || w->count == MOST) return;
        reserve(w->list, capacity, (size_t)w->count + 1);
    }
}

bool word_list_of_notes(WordList *w, const Checkpoint *c, const char *path,
                        Error *err) {
    const char *end = checkpoint_note(c, END_KEY);
    char *rest = "";
    *w = (WordList){0};
    if (!end) return error_set(err, "%s: a model without its words", path);
    read_list(w, c);
    long id = strtol(end, &rest, 10);
    if (rest != end && !*rest && 0 <= id && id < w->count) {
        w->end = (int)id;
        return true;
    }
    int count = w->count;
    word_list_free(w);
    return error_set(err, "%s: note %s: expected one of %d words", path, END_KEY,
                     count);
}
