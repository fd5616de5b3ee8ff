// The story grammar: probabilities, floors, masked words, prose.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch04_pretrain/entropy.h"
#include "ch04_pretrain/language.h"
#include "ch04_pretrain/story.h"
#include "ch04_pretrain/tests/enumerate.h"

enum { LONGEST = 4096 };

static double chance(const void *self, const int *text, int n) {
    const Story *s = self;
    StoryReader r = story_begin(s);
    double p = 1;
    for (int i = 0; i < n && p > 0; i++) p *= story_read(s, &r, text[i]);
    return p;
}

// Along many stories: next sums to 1 and agrees with read; its entropy is the state's.
Test(story, next) {
    Story s = story_new();
    Rng rng = rng_new(1);
    int text[LONGEST];
    double *p = malloc((size_t)s.count * sizeof *p);
    cr_assert(s.count > 200 && s.count < 300, "%d words", s.count);
    for (int t = 0; t < 300; t++) {
        int n = story_write(&s, &rng, text, LONGEST);
        StoryReader r = story_begin(&s);
        for (int i = 0; i < n; i++) {
            double sum = 0;
            story_next(&s, &r, p);
            for (int w = 0; w < s.count; w++) sum += p[w];
            cr_assert_float_eq(sum, 1, 1e-12);
            cr_assert_float_eq(entropy(p, s.count), s.entropy[r.state], 1e-12);
            WordKind kind = story_kind(&s, &r);
            if (kind == WORD_ANSWER) cr_assert(s.entropy[r.state] < 1e-12);
            double read = story_read(&s, &r, text[i]);
            cr_assert_float_eq(read, p[text[i]], 1e-15);
        }
        cr_assert_eq(text[n - 1], s.end);
        cr_assert_eq(r.state, 0, "a new story begins");
    }
    free(p), story_free(&s);
}

// Automaton and walker agree where the registers' words are the words themselves.
Test(story, sums_over_beginnings) {
    Story s = story_new();
    double total = 0;
    int text[2];
    for (long code = 0; code < texts_of(s.count, 2); code++) {
        text_of(code, s.count, 2, text);
        total += chance(&s, text, 2);
    }
    cr_assert_float_eq(total, 1, 1e-12);
    story_free(&s);
}

static void check_row(const Story *s, const double *got, const double *want,
                      int place) {
    double total = 0;
    for (int u = 0; u < s->count; u++) total += want[u];
    for (int u = 0; u < s->count; u++)
        cr_assert_float_eq(got[u], want[u] / total, 1e-12, "place %d, '%s': %g, not %g",
                           place, s->words[u], got[u], want[u] / total);
}

// One word masked, all others known: the 241 texts that could have been.
Test(story, one_masked_word) {
    Story s = story_new();
    Rng rng = rng_new(2);
    Corruption c = ERASURE(0.15);
    int text[LONGEST];
    for (int t = 0; t < 6; t++) {
        int n = story_write(&s, &rng, text, 90);
        double *p = malloc((size_t)n * (size_t)s.count * sizeof *p), want[512];
        for (int i = t % 3; i < n; i += 3) {
            int word = text[i];
            text[i] = MASKED;
            cr_assert(story_mask_posterior(&s, &c, text, n, p));
            for (int u = 0; u < s.count; u++)
                text[i] = u, want[u] = chance(&s, text, n);
            text[i] = word;
            check_row(&s, p + i * s.count, want, i);
        }
        free(p);
    }
    story_free(&s);
}

// Both places of a name masked, so that the words must agree with each other.
Test(story, two_masked_words) {
    Story s = story_new();
    Rng rng = rng_new(3);
    Corruption c = ERASURE(0.15);
    int text[LONGEST], n;
    do n = story_write(&s, &rng, text, LONGEST);
    while (n > 45);
    int i = n / 3, j = 2 * n / 3;
    for (int a = 0; a < n; a++)
        for (int b = a + 1; b < n; b++)
            if (text[a] == text[b] && text[a] < s.class_begin[TOY]) i = a, j = b;
    int seen[LONGEST];
    memcpy(seen, text, sizeof seen);
    seen[i] = seen[j] = MASKED;
    double *p = malloc((size_t)n * (size_t)s.count * sizeof *p), *want[2];
    for (int k = 0; k < 2; k++) want[k] = calloc((size_t)s.count, sizeof **want);
    cr_assert(story_mask_posterior(&s, &c, seen, n, p));
    for (int u = 0; u < s.count; u++)
        for (int v = 0; v < s.count; v++) {
            text[i] = u, text[j] = v;
            double weight = chance(&s, text, n);
            want[0][u] += weight, want[1][v] += weight;
        }
    check_row(&s, p + i * s.count, want[0], i);
    check_row(&s, p + j * s.count, want[1], j);
    free(p), free(want[0]), free(want[1]), story_free(&s);
}

// BERT's corruption, where any word may be false: all 241^2 beginnings.
Test(story, corrupted_beginnings) {
    Story s = story_new();
    Rng rng = rng_new(4);
    Corruption c = {0.5, 0.4, 0.4};
    double *got = malloc(2 * (size_t)s.count * sizeof *got);
    double *want = malloc(2 * (size_t)s.count * sizeof *want);
    for (int t = 0; t < 8; t++) {
        int text[2], seen[2];
        bool selected[2];
        story_write(&s, &rng, text, 2);
        corrupt(&c, &rng, s.count, text, 2, seen, selected);
        cr_assert(story_mask_posterior(&s, &c, seen, 2, got));
        enumerate_posterior(chance, &s, s.count, &c, seen, 2, want);
        for (int i = 0; i < 2; i++)
            check_row(&s, got + i * s.count, want + i * s.count, i);
    }
    free(got), free(want), story_free(&s);
}

// The floors from their definition: expected entropy, by stories drawn.
Test(story, totals) {
    enum { STORIES = 20000 };
    Story s = story_new();
    Rng rng = rng_new(5);
    StoryTotals t = story_totals(&s);
    double sum = 0, squares = 0, words = 0, nats = 0, *shares;
    int text[LONGEST];
    long *counts = calloc((size_t)s.count, sizeof *counts), all = 0;
    for (int i = 0; i < STORIES; i++) {
        int n = story_write(&s, &rng, text, LONGEST);
        double loss = -log(chance(&s, text, n));
        sum += loss / STORIES, squares += loss * loss / STORIES, all += n;
        for (int k = 0; k < n; k++) counts[text[k]]++;
    }
    for (int k = 0; k < WORD_KINDS; k++) words += t.words[k], nats += t.nats[k];
    cr_assert_float_eq(nats, sum, 5 * sqrt((squares - sum * sum) / STORIES));
    cr_assert_float_eq(words, (double)all / STORIES, 5 * 20 / sqrt(STORIES));
    cr_assert_eq(t.nats[WORD_ANSWER], 0);
    shares = malloc((size_t)s.count * sizeof *shares);
    story_word_shares(&s, shares);
    for (int w = 0; w < s.count; w++) {
        double p = shares[w], seen = (double)counts[w] / (double)all;
        // a word comes up to six times a story
        cr_assert_float_eq(seen, p, 5 * sqrt(6 * p / (double)all), "%s", s.words[w]);
    }
    free(counts), free(shares), story_free(&s);
}

// What is printed is read back to the same words.
Test(story, prose_and_back) {
    Language l = language_new(LANGUAGE_STORY, NULL);
    const Story *s = l.self;
    Rng rng = rng_new(6);
    int text[LONGEST], again[LONGEST], n, m;
    Error err;
    for (int t = 0; t < 50; t++) {
        char *prose;
        size_t size;
        FILE *out = open_memstream(&prose, &size);
        n = story_write(s, &rng, text, LONGEST);
        story_print(s, out, text, n);
        fclose(out);
        cr_assert(language_parse(&l, prose, again, LONGEST, &m, &err), "%s", err.text);
        cr_assert_eq(m, n - 1, "all but the end");
        cr_assert_arr_eq(again, text, (size_t)m * sizeof *text);
        free(prose);
    }
    cr_assert(language_parse(&l, "Anna [MASK] the", again, LONGEST, &m, &err));
    cr_assert_eq(again[1], MASKED);
    cr_assert_not(language_parse(&l, "Anna xyzzy", again, LONGEST, &m, &err));
    cr_assert(strstr(err.text, "xyzzy"));
    cr_assert_not(language_parse(&l, "Anna Anna", again, 1, &m, &err));
    language_free(&l);
}
