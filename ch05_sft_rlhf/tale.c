#include "ch05_sft_rlhf/tale.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/error.h"

// ---- writing

static bool is_word(const Story *s, int id, const char *word) {
    return strcmp(s->words[id], word) == 0;
}

// Questions begin with one of these, and nothing else does.
static bool begins_question(const Story *s, int id) {
    return is_word(s, id, "who") || is_word(s, id, "where") || is_word(s, id, "does");
}

void tale_write(Tale *t, const Story *s, Rng *rng, int most) {
    assert(most >= 20 && most <= TALE_WORDS);
    do {
        int n = story_write(s, rng, t->words, TALE_WORDS);
        t->count = 0;
        while (t->count < n && !begins_question(s, t->words[t->count])) t->count++;
        if (t->count == n) t->count = TALE_WORDS;  // cut off before its question
    } while (t->count > most);
    t->story = s;
    t->after = story_begin(s);
    for (int i = 0; i < t->count; i++) story_read(s, &t->after, t->words[i]);
}

const char *tale_word(const Tale *t, Register of) {
    return t->story->words[t->after.held[of]];
}

// ---- answers

static bool read_words(const Story *s, StoryReader *r, const char *words) {
    for (const char *at = words; *at;) {
        size_t length = strcspn(at, " ");
        int id = story_word_id(s, at, length);
        if (id < 0 || story_read(s, r, id) <= 0) return false;
        at += length + (at[length] == ' ');
    }
    return true;
}

// The only word that can follow; -1: several can, or the story may end.
static int certain_word(const Story *s, const StoryReader *r, double *p) {
    const double CERTAIN = 1 - 1e-9;
    story_next(s, r, p);
    for (int w = 0; w < s->count; w++)
        if (p[w] > CERTAIN) return w == s->end ? -1 : w;
    return -1;
}

// Reads on as long as there is no choice; the words, and how many.
static int read_certain(const Story *s, StoryReader *r, int words[TALE_WORDS]) {
    double *p = allocate((size_t)s->count, sizeof *p);
    int n = 0;
    for (int w; n < TALE_WORDS && (w = certain_word(s, r, p)) >= 0;) {
        words[n++] = w;
        story_read(s, r, w);
    }
    free(p);
    return n;
}

static bool answer_after(const Story *s, StoryReader r, const char *question,
                         Text *answer) {
    int words[TALE_WORDS];
    if (!read_words(s, &r, question)) return false;
    tale_prose(s, words, read_certain(s, &r, words), answer);
    return true;
}

bool tale_answer(const Tale *t, const char *question, Text *answer) {
    return answer_after(t->story, t->after, question, answer);
}

bool tale_answer_place(const Tale *t, const char *question, Text *answer) {
    StoryReader r = t->after;
    int words[TALE_WORDS];
    Text who = {0};
    text_add(&who, "who has the %s ?", tale_word(t, TOY));
    bool ok = read_words(t->story, &r, who.data);
    assert(ok && "a tale that cannot be asked who has the toy");
    (void)ok;
    free(who.data);
    read_certain(t->story, &r, words);
    return answer_after(t->story, r, question, answer);
}

// ---- as text

void tale_prose(const Story *s, const int *words, int count, Text *to) {
    char *text = NULL;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    if (!stream) die("out of memory");
    story_print(s, stream, words, count);
    if (fclose(stream) != 0) die("out of memory");
    text_add(to, "%s", text);
    free(text);
}

int tale_sentence(const Tale *t, int k, int *count) {
    for (int first = 0, i = 0; i < t->count; i++) {
        if (!is_word(t->story, t->words[i], ".")) continue;
        *count = i + 1 - first;
        if (k-- == 0) return first;
        first = i + 1;
    }
    return -1;
}
