#include "ch05_sft_rlhf/tasks.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "common/numeric/hash.h"

void question_free(Question *q) {
    free(q->question.data), free(q->answer.data);
    *q = (Question){0};
}

static const char *class_word(const Story *s, Register of, int k) {
    return s->words[s->class_begin[of] + k];
}

// One of a class that the tale does not hold.
static const char *other_word(const Tale *t, Register of, Rng *rng) {
    const char *word;
    do word = class_word(t->story, of, rng_below(rng, t->story->class_size[of]));
    while (strcmp(word, tale_word(t, of)) == 0);
    return word;
}

// ---- about a tale: words of the grammar and their prose

// "who has the kite ?" as "Who has the kite?"
static void ask(Question *q, const char *words) {
    text_add(&q->question, "%c%.*s?", toupper((unsigned char)words[0]),
             (int)strlen(words) - 3, words + 1);
}

static void who(Question *q, const Tale *t, Rng *rng) {
    char words[128];
    (void)rng;
    snprintf(words, sizeof words, "who has the %s ?", tale_word(t, TOY));
    tale_answer(t, words, &q->answer);
    ask(q, words);
}

static void where(Question *q, const Tale *t, Rng *rng) {
    char words[128];
    (void)rng;
    snprintf(words, sizeof words, "where is the %s ?", tale_word(t, TOY));
    tale_answer(t, words, &q->answer);
    ask(q, words);
}

static void place(Question *q, const Tale *t, Rng *rng) {
    char words[128];
    (void)rng;
    for (int order = 0; order < 2 && !q->answer.size; order++) {
        snprintf(words, sizeof words, "where are %s and %s ?",
                 tale_word(t, order ? BOY : GIRL), tale_word(t, order ? GIRL : BOY));
        tale_answer_place(t, words, &q->answer);
    }
    ask(q, words);
}

// Of one of the two; where the grammar asks only about the hero, about the hero.
static void has(Question *q, const Tale *t, Rng *rng) {
    char words[128];
    int first = rng_below(rng, 2);
    for (int k = 0; k < 2 && !q->answer.size; k++) {
        snprintf(words, sizeof words, "does %s have the %s ?",
                 tale_word(t, k == first ? GIRL : BOY), tale_word(t, TOY));
        tale_answer(t, words, &q->answer);
    }
    ask(q, words);
}

// About someone else.
static void refuse(Question *q, const Tale *t, Rng *rng) {
    const char *name = other_word(t, rng_below(rng, 2) ? GIRL : BOY, rng);
    text_add(&q->question, "Does %s have the %s?", name, tale_word(t, TOY));
    text_add(&q->answer, "There is no %s in the story.", name);
}

static void either(Question *q, const Tale *t, Rng *rng) {
    bool boy_first = rng_below(rng, 2);
    who(q, t, rng);
    q->question.size--;  // its question mark
    text_add(&q->question, ", %s or %s?", tale_word(t, boy_first ? BOY : GIRL),
             tale_word(t, boy_first ? GIRL : BOY));
}

// ---- a sentence, of the tale's

// One with this word, or any (NULL); as words.
static int sentence_with(const Tale *t, int word, Rng *rng, int *count) {
    int found = 0, chosen = -1, n;
    *count = 0;
    for (int k = 0, first; (first = tale_sentence(t, k, &n)) >= 0; k++) {
        bool fits = word < 0;
        for (int i = first; i < first + n; i++) fits |= t->words[i] == word;
        // each of those found so far is as likely
        if (fits && rng_below(rng, ++found) == 0) chosen = first, *count = n;
    }
    assert(chosen >= 0 && "no sentence with that word");
    return chosen;
}

static void repeat(Question *q, const Tale *t, Rng *rng) {
    int n, first = sentence_with(t, -1, rng, &n);
    text_add(&q->question, "Say: ");
    tale_prose(t->story, t->words + first, n, &q->question);
    tale_prose(t->story, t->words + first, n, &q->answer);
}

// "Say Ben for Tom: " and a sentence, with one word of a class in another's place.
static void swap_of(Question *q, const Tale *t, Register of, Rng *rng) {
    int n, from = t->after.held[of], first = sentence_with(t, from, rng, &n);
    const char *by = other_word(t, of, rng);
    int to = story_word_id(t->story, by, strlen(by)), words[TALE_WORDS];
    for (int i = 0; i < n; i++)
        words[i] = t->words[first + i] == from ? to : t->words[first + i];
    text_add(&q->question, "Say %s for %s: ", by, tale_word(t, of));
    tale_prose(t->story, t->words + first, n, &q->question);
    tale_prose(t->story, words, n, &q->answer);
}

static void swap(Question *q, const Tale *t, Rng *rng) {
    swap_of(q, t, rng_below(rng, 2) ? GIRL : BOY, rng);
}
static void swap_toy(Question *q, const Tale *t, Rng *rng) { swap_of(q, t, TOY, rng); }

// ---- a list of different words

enum { LIST_LEAST = 2, LIST_MOST = 5 };
typedef struct {
    const char *words[LIST_MOST];
    int count;
} List;

static List list_of(const Tale *t, Rng *rng) {
    List l = {.count = LIST_LEAST + rng_below(rng, LIST_MOST - LIST_LEAST + 1)};
    for (int i = 0; i < l.count;) {
        Register of = (Register)rng_below(rng, REGISTERS);
        const char *word =
            class_word(t->story, of, rng_below(rng, t->story->class_size[of]));
        bool new = true;
        for (int k = 0; k < i; k++) new &= l.words[k] != word;
        if (new) l.words[i++] = word;
    }
    return l;
}

static void ask_list(Question *q, const char *what, const List *l) {
    text_add(&q->question, "%s:", what);
    for (int i = 0; i < l->count; i++) text_add(&q->question, " %s", l->words[i]);
}

static void first(Question *q, const Tale *t, Rng *rng) {
    List l = list_of(t, rng);
    ask_list(q, "Say the first of", &l);
    text_add(&q->answer, "%s.", l.words[0]);
}

static void last(Question *q, const Tale *t, Rng *rng) {
    List l = list_of(t, rng);
    ask_list(q, "Say the last of", &l);
    text_add(&q->answer, "%s.", l.words[l.count - 1]);
}

static void reverse(Question *q, const Tale *t, Rng *rng) {
    List l = list_of(t, rng);
    ask_list(q, "Say backwards", &l);
    for (int i = l.count; i-- > 0;)
        text_add(&q->answer, "%s%s", l.words[i], i ? " " : ".");
}

static void count(Question *q, const Tale *t, Rng *rng) {
    static const char *const numbers[] = {"Two.", "Three.", "Four.", "Five."};
    List l = list_of(t, rng);
    ask_list(q, "How many are these", &l);
    text_add(&q->answer, "%s", numbers[l.count - LIST_LEAST]);
}

// ---- manners

static void hello(Question *q, const Tale *t, Rng *rng) {
    static const char *const ways[] = {"Hello, I am %s.", "Hello! My name is %s.",
                                       "Good morning, I am %s.", "%s is my name."};
    Register of = rng_below(rng, 2) ? GIRL : BOY;
    const char *name = other_word(t, of, rng);
    const char *way = ways[rng_below(rng, sizeof ways / sizeof *ways)];
    const char *at = strstr(way, "%s");
    text_add(&q->question, "%.*s%s%s", (int)(at - way), way, name, at + 2);
    text_add(&q->answer, "Hello, %s.", name);
}

// ---- the table

const Task tasks[] = {
    // who has the toy
    [TASK_WHO] = {"who", true, 2, who},
    // where the toy is
    [TASK_WHERE] = {"where", true, 2, where},
    // where the two are
    [TASK_PLACE] = {"place", true, 0.5, place},
    // whether one of them has the toy
    [TASK_HAS] = {"has", true, 5, has},
    // about someone who is not in the tale
    [TASK_REFUSE] = {"refuse", true, 2, refuse},
    // a sentence, word for word
    [TASK_REPEAT] = {"repeat", false, 4, repeat},
    // a sentence with another name
    [TASK_SWAP] = {"swap", false, 2, swap},
    // the first of a list
    [TASK_FIRST] = {"first", false, 1, first},
    // a list backwards
    [TASK_REVERSE] = {"reverse", false, 1, reverse},
    // how long a list is
    [TASK_COUNT] = {"count", false, 0.5, count},
    // a greeting
    [TASK_HELLO] = {"hello", false, 0.5, hello},
    // who of the two has the toy
    [TASK_EITHER] = {"either", true, 0, either},
    // a sentence with another toy
    [TASK_SWAP_TOY] = {"swap-toy", false, 0, swap_toy},
    // the last of a list
    [TASK_LAST] = {"last", false, 0, last},
};
_Static_assert(sizeof tasks / sizeof *tasks == TASK_KINDS, "each kind has a line");

const char *const *task_names(void) {
    static const char *names[TASK_KINDS + 1];
    for (int i = 0; i < TASK_KINDS; i++) names[i] = tasks[i].name;
    return names;
}

Question task_question(TaskKind kind, const Tale *tale, Rng *rng) {
    Question q = {.kind = kind};
    tasks[kind].make(&q, tale, rng);
    assert(q.question.size && q.answer.size);
    return q;
}

bool question_is_held_out(const Question *q, const Tale *tale) {
    enum { ONE_IN = 16 };
    uint64_t h = hash_bytes(HASH_START, q->question.data, q->question.size);
    if (tale && tasks[q->kind].of_tale)
        h = hash_bytes(h, (const char *)tale->words,
                       (size_t)tale->count * sizeof *tale->words);
    return (h >> 32) % ONE_IN == 0;
}
