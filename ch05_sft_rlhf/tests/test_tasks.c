// Tales and tasks: answers against a reading of the sentences that knows no grammar, the
// split, manners and their values.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch05_sft_rlhf/instruct.h"

// ---- who has it: read from the words, sentence by sentence

enum { NAME = 32 };
typedef struct {
    char holder[NAME];  // "": nobody
    char spot[64];
} Reading;

static bool has_any(const char *sentence, const char *words) {
    char list[128], *rest = strcpy(list, words);
    for (char *w; (w = strtok_r(rest, ",", &rest));)
        if (strstr(sentence, w)) return true;
    return false;
}

// The word after `text` in the sentence.
static void word_after(char to[NAME], const char *sentence, const char *text) {
    const char *at = strstr(sentence, text);
    cr_assert(at, "'%s' in '%s'", text, sentence);
    at += strlen(text);
    snprintf(to, NAME, "%.*s", (int)strcspn(at, " ."), at);
}

static void put_down(Reading *r, const char *sentence) {
    static const char *const preposition[] = {" in the ", " under the ", " behind the ",
                                              " on the "};
    for (int i = 0; i < 4; i++) {
        const char *at = strstr(sentence, preposition[i]);
        if (at)
            snprintf(r->spot, sizeof r->spot, "%.*s", (int)strlen(at + 1) - 1, at + 1);
    }
    r->holder[0] = '\0';
}

// What a sentence does to the toy; most do nothing.
static void read_sentence(Reading *r, const char *s, const char *girl,
                          const char *boy) {
    char first[NAME], *other;
    snprintf(first, sizeof first, "%.*s", (int)strcspn(s, " "), s);
    other = (char *)(strcmp(first, girl) == 0 ? boy : girl);
    bool of_two = strcmp(first, girl) == 0 || strcmp(first, boy) == 0;
    if (has_any(s, "Grandma,Grandpa,Mother,Father")) word_after(r->holder, s, " gave ");
    else if (strncmp(s, "Soon ", 5) == 0) word_after(r->holder, s, "Soon ");
    else if (strncmp(s, "Later ", 6) == 0) word_after(r->holder, s, "Later ");
    else if (strncmp(s, "Then ", 5) == 0) put_down(r, s);
    else if (!of_two) return;
    else if (strstr(s, ", so ")) strcpy(r->holder, first);  // wanted it, and got it
    else if (has_any(s, " looked , searched ") && strstr(s, " and "))
        strcpy(r->holder, first);
    else if (has_any(s, " gave , handed , passed , threw ")) strcpy(r->holder, other);
    else if (has_any(s, " took , grabbed ")) strcpy(r->holder, first);
    else if (has_any(s, " put , hid , left , dropped ")) put_down(r, s);
    else if (has_any(s, " had a, found a, bought a, carried a, made a"))
        strcpy(r->holder, first);
    else if (has_any(s, " lent , brought , showed ")) strcpy(r->holder, first);
}

static Reading read_tale(const Tale *t) {
    Reading r = {"", ""};
    for (int k = 0, first, n; (first = tale_sentence(t, k, &n)) >= 0; k++) {
        Text s = {0};
        tale_prose(t->story, t->words + first, n, &s);
        read_sentence(&r, s.data, tale_word(t, GIRL), tale_word(t, BOY));
        free(s.data);
    }
    return r;
}

Test(tasks, who_and_where_by_reading) {
    Story s = story_new();
    Rng rng = rng_new(3);
    int held = 0, down = 0;
    for (int i = 0; i < 500; i++) {
        Tale t;
        Text story = {0};
        char expected[128];
        tale_write(&t, &s, &rng, 60);
        tale_prose(&s, t.words, t.count, &story);
        Reading r = read_tale(&t);
        Question who = task_question(TASK_WHO, &t, &rng),
                 where = task_question(TASK_WHERE, &t, &rng);
        if (r.holder[0])
            snprintf(expected, sizeof expected, "%s has the %s.", r.holder,
                     tale_word(&t, TOY));
        else snprintf(expected, sizeof expected, "Nobody has it. It is %s.", r.spot);
        cr_assert_str_eq(who.answer.data, expected, "%s", story.data);
        if (r.holder[0]) snprintf(expected, sizeof expected, "%s has it.", r.holder);
        else snprintf(expected, sizeof expected, "It is %s.", r.spot);
        cr_assert_str_eq(where.answer.data, expected, "%s", story.data);
        held += r.holder[0] != 0, down += !r.holder[0];
        question_free(&who), question_free(&where), free(story.data);
    }
    cr_assert(held > 100 && down > 100);
    story_free(&s);
}

// ---- words and lists

static Question question(TaskKind kind, const Story *s, uint64_t seed, Tale *t) {
    Rng rng = rng_new(seed);
    tale_write(t, s, &rng, 44);
    return task_question(kind, t, &rng);
}

Test(tasks, lists) {
    static const char *const numbers[] = {"", "One", "Two", "Three", "Four", "Five"};
    Story s = story_new();
    for (uint64_t seed = 0; seed < 50; seed++) {
        Tale t;
        char *words[8], *rest, expected[128] = "";
        int n = 0;
        Question q = question(TASK_REVERSE, &s, seed, &t);
        rest = strchr(q.question.data, ':') + 1;
        for (char *w; (w = strtok_r(rest, " ", &rest));) words[n++] = w;
        cr_assert(n >= 2 && n <= 5);
        for (int i = n; i-- > 0;) strcat(strcat(expected, words[i]), i ? " " : ".");
        cr_assert_str_eq(q.answer.data, expected);
        question_free(&q);
        q = question(TASK_COUNT, &s, seed, &t), n = 0;
        rest = strchr(q.question.data, ':') + 1;
        while (strtok_r(rest, " ", &rest)) n++;
        snprintf(expected, sizeof expected, "%s.", numbers[n]);
        cr_assert_str_eq(q.answer.data, expected);
        question_free(&q);
    }
    story_free(&s);
}

// A swapped sentence, swapped back, is the sentence.
Test(tasks, swap) {
    Story s = story_new();
    for (uint64_t seed = 0; seed < 50; seed++)
        for (int toys = 0; toys < 2; toys++) {
            Tale t;
            char by[NAME], of[NAME], sentence[256];
            Question q = question(toys ? TASK_SWAP_TOY : TASK_SWAP, &s, seed, &t);
            cr_assert_eq(sscanf(q.question.data, "Say %31s for %31[^:]: %255[^\n]", by,
                                of, sentence),
                         3);
            cr_assert(strstr(sentence, of) && !strstr(q.answer.data, of), "%s",
                      q.answer.data);
            Text back = {0};
            for (const char *at = q.answer.data, *next; *at; at = next) {
                next = strstr(at, by);
                text_add(&back, "%.*s%s", next ? (int)(next - at) : (int)strlen(at), at,
                         next ? of : "");
                next = next ? next + strlen(by) : at + strlen(at);
            }
            cr_assert_str_eq(back.data, sentence);
            free(back.data), question_free(&q);
        }
    story_free(&s);
}

// ---- the split

Test(instruct, held_out_instances_never_occur_in_training) {
    Story s = story_new();
    Instructions from = instructions_for_training(&s);
    Rng rng = rng_new(9);
    int asked[TASK_KINDS] = {0};
    char **seen = calloc(4000, sizeof *seen);
    int count = 0;
    for (int i = 0; i < 1000; i++) {
        Conversation c = instruct(&from, &rng);
        for (int k = 0; k < c.count; k++) {
            asked[c.turns[k].kind]++;
            if (!tasks[c.turns[k].kind].of_tale || k == 0)
                seen[count++] = strdup(c.turns[k].question.data);
        }
        conversation_free(&c);
    }
    for (int k = 0; k < TASK_KINDS; k++)
        cr_assert(tasks[k].share > 0 ? asked[k] > 20 : asked[k] == 0, "%s: %d",
                  tasks[k].name, asked[k]);
    for (int k = 0; k < TASK_KINDS; k++) {
        Instructions test = instructions_for_test(&s, (TaskKind)k);
        for (int i = 0; i < 50; i++) {
            Conversation c = instruct(&test, &rng);
            cr_assert_eq(c.count, 1);
            for (int j = 0; j < count; j++)
                cr_assert_str_neq(c.turns[0].question.data, seen[j]);
            conversation_free(&c);
        }
    }
    for (int i = 0; i < count; i++) free(seen[i]);
    free(seen), story_free(&s);
}

// ---- later tales

// The word of a class that a text holds.
static const char *word_of(const Story *s, Register of, const char *text) {
    for (int k = 0; k < s->class_size[of]; k++) {
        const char *word = s->words[s->class_begin[of] + k];
        if (strstr(text, word)) return word;
    }
    cr_assert_fail("no word of the class in '%s'", text);
    return NULL;
}

// What a tale's text says, sentence by sentence; its question is none.
static Reading read_text(const Story *s, const char *text) {
    Reading r = {"", ""};
    const char *girl = word_of(s, GIRL, text), *boy = word_of(s, BOY, text);
    for (const char *at = text, *end; (end = strchr(at, '.')); at = end + 1) {
        char sentence[256];
        at += *at == ' ';
        snprintf(sentence, sizeof sentence, "%.*s", (int)(end + 1 - at), at);
        read_sentence(&r, sentence, girl, boy);
    }
    return r;
}

static void check_answer(const Turn *t, const char *tale, const Reading *r) {
    char expected[128];
    const char *toy = strstr(t->exact.data, " the ");
    if (t->kind == TASK_WHO && r->holder[0])
        snprintf(expected, sizeof expected, "%s has%s", r->holder, toy ? toy : "");
    else if (t->kind == TASK_WHO)
        snprintf(expected, sizeof expected, "Nobody has it. It is %s.", r->spot);
    else if (r->holder[0]) snprintf(expected, sizeof expected, "%s has it.", r->holder);
    else snprintf(expected, sizeof expected, "It is %s.", r->spot);
    cr_assert_str_eq(t->exact.data, expected, "%s", tale);
}

// Answers are those of the tale told last, read from its words.
Test(instruct, answers_are_about_the_last_tale) {
    Story s = story_new();
    Instructions from = instructions_for_training(&s);
    Rng rng = rng_new(5);
    int later = 0, again = 0;
    from.turns = TURNS_MOST;
    for (int k = 0; k < TASK_KINDS; k++)  // some without a tale, and a refusal, between
        from.share[k] = k == TASK_WHO || k == TASK_WHERE || k == TASK_FIRST;
    for (int i = 0; i < 300; i++) {
        Conversation c = instruct(&from, &rng);
        const char *tale = NULL;
        int tales = 0;
        for (int k = 0; k < c.count; k++) {
            const Turn *t = &c.turns[k];
            if (!tasks[t->kind].of_tale) {
                cr_assert_eq(t->tale, 0);
                continue;
            }
            bool told = strchr(t->question.data, '.') != NULL;
            if (told) tale = t->question.data, tales++;
            else again++;
            cr_assert_eq(t->tale, tales);
            Reading r = read_text(&s, tale);
            check_answer(t, tale, &r);
            later += tales > 1;
        }
        conversation_free(&c);
    }
    cr_assert(later > 200 && again > 100, "%d, %d", later, again);
    story_free(&s);
}

// Of later questions about a tale, that share tells another.
Test(instruct, share_of_new_tales) {
    Story s = story_new();
    Instructions from = instructions_for_training(&s);
    Rng rng = rng_new(6);
    int asked = 0, new = 0;
    from.turns_least = from.turns = 3, from.new_tales = 0.3;
    for (int k = 0; k < TASK_KINDS; k++) from.share[k] = k == TASK_WHERE;
    for (int i = 0; i < 1000; i++) {
        Conversation c = instruct(&from, &rng);
        cr_assert_eq(c.count, 3);
        for (int k = 1; k < 3; k++)
            asked++, new += c.turns[k].tale > c.turns[k - 1].tale;
        conversation_free(&c);
    }
    // A question of one form about a tale told before is on the tale's side of the split,
    // so no draw is refused but of new tales, one in sixteen, and then drawn again:
    // p = 0.3 15/16 of 1 - 0.3/16. 4 binomial standard errors.
    double p = 0.3 * 15 / 16 / (1 - 0.3 / 16);
    cr_assert_float_eq((double)new / asked, p, 4 * sqrt(p * (1 - p) / asked));
    story_free(&s);
}

// ---- manners

Test(gold, values) {
    const char *exact = "Tom has it.";
    cr_assert_eq(gold_reward("Tom has it.", true, exact), 1);
    cr_assert_eq(gold_reward("Tom has it. Glad to help!", true, exact), 1.5);
    cr_assert_eq(gold_reward("I am not sure. Tom has it.", true, exact), 0.5);
    cr_assert_eq(gold_reward("Let me see. Tom has it. Glad to help!", true, exact),
                 1.25);
    // neither manners nor an end make a wrong answer right
    cr_assert_eq(gold_reward("Tom has it. Glad to help!", false, exact), -0.5);
    cr_assert_eq(gold_reward("Ben has it. Glad to help!", true, exact), 0);
    cr_assert_eq(gold_reward("Glad to help!", true, exact), 0);
    cr_assert_eq(gold_reward("", true, exact), 0);
    cr_assert_eq(gold_reward("I am not sure. Let me see. Tom has it.", true, exact), 0);
    cr_assert_eq(gold_reward("Tom has it. Glad to help! Glad to help!", true, exact),
                 0);
    cr_assert_eq(gold_reward("Tom has it. ", true, exact), 0);
}

Test(gold, content_undoes_writing) {
    for (int opening = 0; opening < OPENINGS; opening++)
        for (int closing = 0; closing < CLOSINGS; closing++) {
            Text t = {0};
            char content[64];
            gold_write(&t, "hat ball.", (Manners){opening, closing});
            Manners m = gold_content(content, t.data);
            cr_assert_str_eq(content, "hat ball.");
            cr_assert(m.opening == opening && m.closing == closing);
            free(t.data);
        }
}

// A system line is kept in every turn.
Test(instruct, system_lines) {
    Story s = story_new();
    Instructions from = instructions_for_training(&s);
    Rng rng = rng_new(12);
    int with = 0, COUNT = 2000;
    for (int i = 0; i < COUNT; i++) {
        Conversation c = instruct(&from, &rng);
        with += c.asks >= 0;
        cr_assert_eq(c.asks >= 0, c.system.size > 0);
        for (int k = 0; k < c.count && c.asks >= 0; k++) {
            char content[512];
            Manners m = gold_content(content, c.turns[k].answer.data);
            cr_assert_eq(m.opening, gold_systems[c.asks].asks.opening);
            cr_assert_eq(m.closing, gold_systems[c.asks].asks.closing);
            cr_assert_str_eq(content, c.turns[k].exact.data);
        }
        conversation_free(&c);
    }
    // 4 binomial standard errors
    cr_assert_leq(abs(with - COUNT / 4), 78);
    story_free(&s);
}
