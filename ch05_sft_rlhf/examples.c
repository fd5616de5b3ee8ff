#include "ch05_sft_rlhf/examples.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/program/file.h"

const char *const speaker_names[] = {"system", "user", "assistant", NULL};
_Static_assert(sizeof speaker_names / sizeof *speaker_names == SPEAKERS + 1,
               "a name for each speaker");

// ---- building

Example *examples_add(Examples *e, long long line) {
    reserve(e->list, e->capacity, e->count + 1);
    Example *new = &e->list[e->count++];
    *new = (Example){.strength = 1, .line = line};
    return new;
}

void example_say(Example *e, Speaker speaker, const char *text) {
    reserve(e->messages, e->capacity, (size_t)e->count + 1);
    e->messages[e->count++] = (Message){speaker, text_copy_of(text)};
}

void examples_free(Examples *e) {
    for (size_t i = 0; i < e->count; i++) {
        Example *x = &e->list[i];
        for (int k = 0; k < x->count; k++) free(x->messages[k].text);
        free(x->messages), free(x->answer), free(x->rejected);
    }
    free(e->list), free(e->path);
    *e = (Examples){0};
}

// ---- what every example must keep, whatever its format

static bool check_turns(const Examples *e, const Example *x, Error *err) {
    for (int i = 0; i < x->count; i++) {
        Speaker speaker = x->messages[i].speaker,
                before = i ? x->messages[i - 1].speaker : SPEAKER_SYSTEM;
        bool fits = speaker == SPEAKER_SYSTEM
                        ? i == 0
                        : (speaker == SPEAKER_ASSISTANT) == (before == SPEAKER_USER);
        if (!fits)
            return example_error(
                e, x->line, err,
                "message %d is of %s: expected system first, then user "
                "and assistant in turn",
                i + 1, speaker_names[speaker]);
        if (text_is_blank(x->messages[i].text))
            return example_error(e, x->line, err, "an empty %s",
                                 speaker == SPEAKER_USER ? "prompt" : "message");
    }
    if (!x->count || x->messages[x->count - 1].speaker != SPEAKER_USER)
        return example_error(e, x->line, err, "no prompt before the answer");
    return true;
}

static bool check(const Examples *e, const Example *x, Error *err) {
    if (!check_turns(e, x, err)) return false;
    if (text_is_blank(x->answer))
        return example_error(e, x->line, err, "an empty answer");
    if (!x->rejected != !e->list[0].rejected)
        return example_error(
            e, x->line, err, "%s, and line %lld %s: expected one kind in a file",
            x->rejected ? "a preference" : "an answer", e->list[0].line,
            x->rejected ? "has an answer" : "has a preference");
    if (!x->rejected) return true;
    if (text_is_blank(x->rejected))
        return example_error(e, x->line, err, "an empty answer");
    if (strcmp(x->answer, x->rejected) == 0)
        return example_error(e, x->line, err, "chosen and rejected are the same");
    if (!(x->strength > 0 && x->strength <= 100))
        return example_error(e, x->line, err,
                             "strength %g: expected a number above 0, at most 100",
                             x->strength);
    return true;
}

// ---- files

static bool read_lines(Examples *e, const Lines *lines, Error *err) {
    char first = lines->list[0].text[strspn(lines->list[0].text, " \t")];
    bool json = first == '{';
    if (first == '[')
        return example_error(e, lines->list[0].number, err,
                             "a list of JSON: expected an object, {...}, on each line");
    if (!(json ? examples_read_json : examples_read_tsv)(e, lines->list, lines->count,
                                                         err))
        return false;
    if (!e->count) return error_set(err, "%.80s: no examples in it", e->path);
    for (size_t i = 0; i < e->count; i++)
        if (!check(e, &e->list[i], err)) return false;
    e->preferences = e->list[0].rejected != NULL;
    return true;
}

bool examples_of_text(Examples *e, const char *path, const char *text, size_t size,
                      Error *err) {
    *e = (Examples){.path = text_copy_of(path)};
    char *copy = allocate(size + 1, 1);
    if (size) memcpy(copy, text, size);
    Lines lines = {0};
    bool ok = lines_split(&lines, e->path, copy, size, err);
    if (ok && !lines.count) ok = error_set(err, "%.80s: no examples in it", e->path);
    ok = ok && read_lines(e, &lines, err);
    free(lines.list), free(copy);
    if (!ok) examples_free(e);
    return ok;
}

bool examples_read(Examples *e, const char *path, Error *err) {
    Bytes bytes;
    if (!file_read(&bytes, path, err)) return false;
    bool ok = examples_of_text(e, file_label(path), bytes.data, bytes.size, err);
    bytes_free(&bytes);
    return ok;
}
