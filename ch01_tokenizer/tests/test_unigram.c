// The unigram model: the lattice against all segmentations, EM, sampling, pruning.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/unigram.h"

enum { LETTERS = 3, LONGEST = 4, STRINGS = 3 + 9 + 27 + 81, TEXT = 10 };

typedef struct {
    char store[STRINGS][LONGEST + 1];
    Unigram u;
} Model;

// Letters a, b, c (or not all), and some longer strings, with random probabilities.
static Model *random_model(Rng *rng, bool letters) {
    Model *m = calloc(1, sizeof *m);
    UnigramToken tokens[STRINGS];
    size_t count = 0;
    double total = 0;
    for (int length = 1, strings = LETTERS; length <= LONGEST;
         length++, strings *= LETTERS)
        for (int s = 0; s < strings; s++) {
            if (rng_below(rng, 3) && !(letters && length == 1)) continue;
            for (int i = 0, rest = s; i < length; i++, rest /= LETTERS)
                m->store[count][i] = (char)('a' + rest % LETTERS);
            double p = rng_uniform(rng) + 0.01;
            tokens[count] =
                (UnigramToken){m->store[count], (size_t)length, log(p), length == 1};
            total += p, count++;
        }
    for (size_t i = 0; i < count; i++) tokens[i].log_p -= log(total);
    m->u = unigram_new(tokens, count);
    return m;
}

static void model_free(Model *m) {
    unigram_free(&m->u);
    free(m);
}

static size_t random_text(Rng *rng, char *text) {
    size_t n = (size_t)rng_below(rng, TEXT + 1);
    for (size_t i = 0; i < n; i++) text[i] = (char)('a' + rng_below(rng, LETTERS));
    return n;
}

// Every segmentation, one by one: p summed, the best p, and E[count] before dividing by
// the sum.
typedef struct {
    double sum, best, counts[STRINGS];
    int path[TEXT];
} All;

static void walk(const Unigram *u, const char *text, size_t n, size_t depth, double p,
                 All *all) {
    if (n == 0) {
        all->sum += p;
        all->best = fmax(all->best, p);
        for (size_t i = 0; i < depth; i++) all->counts[all->path[i]] += p;
    }
    for (size_t t = 0; n && t < u->count; t++) {
        if (u->tokens[t].size > n
            || memcmp(u->tokens[t].text, text, u->tokens[t].size) != 0)
            continue;
        all->path[depth] = (int)t;
        walk(u, text + u->tokens[t].size, n - u->tokens[t].size, depth + 1,
             p * exp(u->tokens[t].log_p), all);
    }
}

// 1e-12: at most 512 segmentations of 10 factors.
Test(unigram, lattice_is_the_sum_over_segmentations) {
    Rng rng = rng_new(1);
    int impossible = 0;
    for (int round = 0; round < 400; round++) {
        Model *m = random_model(&rng, round % 2);
        char text[TEXT];
        size_t n = random_text(&rng, text), count;
        All all = {0};
        walk(&m->u, text, n, 0, 1, &all);
        double log_p = unigram_log_p(&m->u, text, n), expected[STRINGS] = {0},
               covered = 0;
        int tokens[TEXT];
        if (all.sum == 0) {
            cr_assert_eq(log_p, -INFINITY);
            cr_assert_eq(unigram_viterbi(&m->u, text, n, tokens, &count), -INFINITY);
            cr_assert_eq(unigram_expect(&m->u, text, n, 1, expected), -INFINITY);
            for (size_t i = 0; i < m->u.count; i++) cr_assert_eq(expected[i], 0);
            impossible++;
        } else {
            cr_assert_float_eq(log_p, log(all.sum), 1e-12);
            double best = unigram_viterbi(&m->u, text, n, tokens, &count), path = 0;
            cr_assert_float_eq(best, log(all.best), 1e-12);
            size_t at = 0;
            for (size_t i = 0; i < count; at += m->u.tokens[tokens[i++]].size) {
                cr_assert(memcmp(text + at, m->u.tokens[tokens[i]].text,
                                 m->u.tokens[tokens[i]].size)
                          == 0);
                path += m->u.tokens[tokens[i]].log_p;
            }
            cr_assert(at == n && fabs(path - best) < 1e-12,
                      "the path is worth what it says");
            // the macro would call it twice
            log_p = unigram_expect(&m->u, text, n, 2.5, expected);
            cr_assert_float_eq(log_p, log(all.sum), 1e-12);
            for (size_t i = 0; i < m->u.count; i++) {
                cr_assert_float_eq(expected[i], 2.5 * all.counts[i] / all.sum, 1e-12);
                covered += expected[i] * (double)m->u.tokens[i].size;
            }
            cr_assert_float_eq(covered, 2.5 * (double)n, 1e-10,
                               "every byte is in one token");
        }
        model_free(m);
    }
    cr_assert(impossible > 10);
}

// d ln p(text) / d ln p(x) = E[count of x | text]: central differences, error (1e-4)^2.
Test(unigram, expected_count_is_a_derivative) {
    Rng rng = rng_new(2);
    const double step = 1e-4;
    Model *m = random_model(&rng, true);
    double expected[STRINGS] = {0};
    unigram_expect(&m->u, "abcabbcaab", TEXT, 1, expected);
    for (size_t i = 0; i < m->u.count; i++) {
        double here = m->u.tokens[i].log_p;
        m->u.tokens[i].log_p = here + step;
        double high = unigram_log_p(&m->u, "abcabbcaab", TEXT);
        m->u.tokens[i].log_p = here - step;
        double low = unigram_log_p(&m->u, "abcabbcaab", TEXT);
        m->u.tokens[i].log_p = here;
        cr_assert_float_eq(expected[i], (high - low) / (2 * step), 1e-7);
    }
    model_free(m);
}

// ---- sampling

static const char sampled[] = "abcabbcaab";

// The first token's chance is its p^power times the sum over the segmentations of the
// rest.
Test(unigram, samples_follow_the_power) {
    enum { SAMPLES = 40000 };
    const double powers[] = {0, 0.5, 1, 2};
    Rng rng = rng_new(3);
    for (int k = 0; k < 4; k++) {
        Model *m = random_model(&rng, true);
        Model *warped = calloc(1, sizeof *warped);  // the same with p^power
        warped->u = unigram_new(m->u.tokens, m->u.count);
        for (size_t i = 0; i < m->u.count; i++) warped->u.tokens[i].log_p *= powers[k];
        double first[STRINGS] = {0}, total = 0;
        for (size_t i = 0; i < m->u.count; i++) {
            size_t size = m->u.tokens[i].size;
            if (memcmp(sampled, m->u.tokens[i].text, size) != 0) continue;
            All all = {0};
            walk(&warped->u, &sampled[size], TEXT - size, 0, 1, &all);
            total += first[i] = exp(warped->u.tokens[i].log_p) * all.sum;
        }
        double drawn[STRINGS] = {0};
        for (int s = 0; s < SAMPLES; s++) {
            int tokens[TEXT];
            size_t count =
                       unigram_sample(&m->u, sampled, TEXT, powers[k], &rng, tokens),
                   bytes = 0;
            for (size_t i = 0; i < count; i++) bytes += m->u.tokens[tokens[i]].size;
            cr_assert_eq(bytes, TEXT);
            drawn[tokens[0]]++;
        }
        for (size_t i = 0; i < m->u.count; i++) {
            double p = first[i] / total;
            cr_assert_float_eq(drawn[i] / SAMPLES, p,
                               5 * sqrt(p * (1 - p) / SAMPLES) + 1e-12, "power %g",
                               powers[k]);
        }
        unigram_free(&warped->u);
        free(warped), model_free(m);
    }
}

// ---- training

static size_t random_words(Rng *rng, char (*store)[TEXT], WordCount *words, size_t n) {
    for (size_t w = 0; w < n; w++) {
        size_t size;
        do size = random_text(rng, store[w]);
        while (size == 0);
        words[w] = (WordCount){store[w], size, 1 + (uint32_t)rng_below(rng, 9)};
    }
    return n;
}

static double sum_of_p(const Unigram *u) {
    double total = 0;
    for (size_t i = 0; i < u->count; i++) total += exp(u->tokens[i].log_p);
    return total;
}

// Each step gains at least E[tokens] KL(new, old) >= 0. 1e-11: |L| is below 10^4.
Test(unigram, em_never_lowers_the_likelihood) {
    Rng rng = rng_new(4);
    for (int round = 0; round < 60; round++) {
        char store[20][TEXT];
        WordCount words[20];
        size_t n = random_words(&rng, store, words, 20);
        Model *m = random_model(&rng, true);
        double expected[STRINGS], old[STRINGS],
            before = unigram_expect_all(&m->u, words, n, expected);
        for (int step = 0; step < 20; step++) {
            double promised = 0;
            for (size_t i = 0; i < m->u.count; i++) old[i] = m->u.tokens[i].log_p;
            unigram_maximise(&m->u, expected);
            cr_assert_float_eq(sum_of_p(&m->u), 1, 1e-12);
            for (size_t i = 0; i < m->u.count; i++)
                if (expected[i] > 0)
                    promised += expected[i] * (m->u.tokens[i].log_p - old[i]);
            double after = unigram_expect_all(&m->u, words, n, expected);
            cr_assert(promised > -1e-11);
            cr_assert(after - before >= promised - 1e-11, "step %d: %g, promised %g",
                      step, after - before, promised);
            before = after;
        }
        model_free(m);
    }
}

// One word "ab", tokens a, b, ab: with q = p(ab), ln p = ln(q + p(a) p(b)). One EM step
// by hand: from p = 1/3, P(ab | word) = (1/3) / (1/3 + 1/9) = 3/4, so counts 1/4, 1/4,
// 3/4 of 5/4.
Test(unigram, em_by_hand) {
    const double third = log(1.0 / 3);
    const UnigramToken tokens[] = {
        {"a", 1, third, true}, {"ab", 2, third, false}, {"b", 1, third, true}};
    const WordCount word = {"ab", 2, 4};
    Unigram u = unigram_new(tokens, 3);
    double expected[3];
    cr_assert_float_eq(unigram_expect_all(&u, &word, 1, expected), 4 * log(4.0 / 9),
                       1e-14);
    cr_assert_float_eq(expected[1], 4 * 0.75, 1e-14);
    unigram_maximise(&u, expected);
    cr_assert_float_eq(exp(u.tokens[0].log_p), 0.2, 1e-15);
    cr_assert_float_eq(exp(u.tokens[1].log_p), 0.6, 1e-15);
    unigram_free(&u);
}

// exp(psi(c) - psi(C)): psi(2) - psi(1) = 1, psi(1) - psi(1/2) = 2 ln 2; and for large
// c it is near (c - 1/2) / (C - 1/2).
// Every way to cut a run of a's is equally good here, and in whole numbers.
Test(unigram, viterbi_s_ties) {
    const UnigramToken tokens[] = {
        {"a", 1, -1, true}, {"aa", 2, -2, false}, {"aaa", 3, -3, false}};
    Unigram u = unigram_new(tokens, 3);
    for (size_t n = 1; n < 8; n++) {
        int found[8];
        size_t count;
        cr_assert_eq(unigram_viterbi(&u, "aaaaaaaa", n, found, &count), -(double)n);
        cr_assert_eq(count,
                     n);  // the last token is the shortest, and so are the others
        for (size_t i = 0; i < n; i++) cr_assert_eq(found[i], 0);
    }
    unigram_free(&u);
}

Test(unigram, digamma_step) {
    const UnigramToken tokens[] = {{"a", 1, 0, true}, {"b", 1, 0, true}};
    Unigram u = unigram_new(tokens, 2);
    unigram_digamma_step(&u, (double[]){1, 1});
    cr_assert_float_eq(u.tokens[0].log_p, -1, 1e-9);
    unigram_digamma_step(&u, (double[]){0.5, 0.5});
    cr_assert_float_eq(u.tokens[1].log_p, -2 * log(2), 1e-9);
    unigram_digamma_step(&u, (double[]){1000, 3000});
    cr_assert_float_eq(exp(u.tokens[0].log_p), 999.5 / 3999.5, 1e-7);
    // psi(8) = H_7 - gamma; the first term that the series leaves out, 1/240x^8, bounds
    // the error
    unigram_digamma_step(&u, (double[]){8, 1e12});
    double psi_8 = 363.0 / 140 - 0.57721566490153286, psi_large = log(1e12 + 8);
    cr_assert_float_eq(u.tokens[0].log_p, psi_8 - psi_large, 1.02 / (240 * 0x1p24));
    unigram_digamma_step(&u, (double[]){0, 1});
    cr_assert(u.tokens[0].log_p == -INFINITY && u.tokens[1].log_p == 0);
    unigram_free(&u);
}

// ---- pruning

static const UnigramToken *find(const Unigram *u, const char *text) {
    int token = trie_find(&u->trie, text, strlen(text));
    return token == NO_TOKEN ? NULL : &u->tokens[token];
}

// With the other p as they are, dropping tokens never raises p(text); then what is
// left.
Test(unigram, pruning) {
    Rng rng = rng_new(5);
    for (int round = 0; round < 60; round++) {
        char store[20][TEXT];
        WordCount words[20];
        size_t n = random_words(&rng, store, words, 20),
               keep = (size_t)rng_below(&rng, 30), characters = 0, others = 0;
        Model *m = random_model(&rng, true);
        double expected[STRINGS];
        unigram_expect_all(&m->u, words, n, expected);
        unigram_maximise(&m->u, expected);
        double before = unigram_expect_all(&m->u, words, n, expected);
        Unigram held = unigram_new(m->u.tokens, m->u.count),
                old = unigram_new(m->u.tokens, m->u.count);
        unigram_prune(&m->u, expected, keep);
        for (size_t i = 0; i < m->u.count; i++)
            characters += m->u.tokens[i].character, others += !m->u.tokens[i].character;
        cr_assert_eq(characters, LETTERS);
        cr_assert_eq(others, keep < old.count - LETTERS ? keep : old.count - LETTERS);
        cr_assert_float_eq(sum_of_p(&m->u), 1, 1e-12);
        for (size_t i = 0; i < held.count; i++)
            if (trie_find(&m->u.trie, held.tokens[i].text, held.tokens[i].size)
                == NO_TOKEN)
                held.tokens[i].log_p = -INFINITY;
        cr_assert(unigram_expect_all(&held, words, n, expected) <= before + 1e-11);
        unigram_free(&held), unigram_free(&old), model_free(m);
    }
}

// It keeps what the text needs: of ab (60 of 64 words) and ba (4), ab.
Test(unigram, pruning_keeps_the_worthier) {
    const UnigramToken tokens[] = {{"a", 1, log(.1), true},
                                   {"ab", 2, log(.6), false},
                                   {"b", 1, log(.1), true},
                                   {"ba", 2, log(.2), false}};
    const WordCount words[] = {{"ab", 2, 60}, {"ba", 2, 4}};
    Unigram u = unigram_new(tokens, 4);
    double expected[4];
    unigram_expect_all(&u, words, 2, expected);
    unigram_prune(&u, expected, 1);
    cr_assert(u.count == 3 && find(&u, "ab") && !find(&u, "ba"));
    unigram_free(&u);
}

// "Pruning lowers the likelihood" is no theorem: a token that the text does not need
// frees its share.
Test(unigram, pruning_may_raise_the_likelihood) {
    const UnigramToken tokens[] = {
        {"a", 1, log(.25), true}, {"ab", 2, log(.5), false}, {"b", 1, log(.25), true}};
    const WordCount words[] = {{"a", 1, 1}, {"b", 1, 1}};
    Unigram u = unigram_new(tokens, 3);
    double expected[3], before = unigram_expect_all(&u, words, 2, expected);
    cr_assert_float_eq(before, 2 * log(.25), 1e-14);
    unigram_prune(&u, expected, 0);
    cr_assert_float_eq(unigram_expect_all(&u, words, 2, expected), 2 * log(.5), 1e-14);
    unigram_free(&u);
}

// EM has given the letters up for ab; pruned of it, the word is still possible.
Test(unigram, forgotten_characters_come_back) {
    const UnigramToken tokens[] = {
        {"a", 1, -INFINITY, true}, {"ab", 2, 0, false}, {"b", 1, -INFINITY, true}};
    const WordCount word = {"ab", 2, 3};
    Unigram u = unigram_new(tokens, 3);
    double expected[3];
    cr_assert_eq(unigram_expect_all(&u, &word, 1, expected), 0);
    unigram_prune(&u, expected, 0);
    cr_assert_float_eq(unigram_log_p(&u, "ab", 2), 2 * log(.5), 1e-14);
    unigram_free(&u);
}

// ---- the seed

// abab x 2, 天 x 1: substrings of up to 3 characters with their counts; longer ones need
// two.
Test(unigram, seed_counts_substrings) {
    const WordCount words[] = {{"abab", 4, 2}, {"天c", 4, 1}};
    static const struct {
        const char *text;
        double count;
    } expected[] = {{"a", 4},  {"b", 4},  {"c", 1},   {"天", 1},
                    {"ab", 4}, {"ba", 2}, {"aba", 2}, {"bab", 2}};
    Unigram u = unigram_seed(words, 2, 3, 100);
    cr_assert_eq(u.count, 8);
    for (int i = 0; i < 8; i++) {
        const UnigramToken *t = find(&u, expected[i].text);
        cr_assert(t, "%s", expected[i].text);
        cr_assert_float_eq(exp(t->log_p), expected[i].count / 20, 1e-15, "%s",
                           expected[i].text);
        cr_assert_eq(t->character, i < 4);
    }
    unigram_free(&u);
    const WordCount others[] = {{"xyz", 3, 3}, {"xy", 2, 1}};
    // the largest count x bytes: xyz with 3 x 3, not xy with 4 x 2
    u = unigram_seed(others, 2, 3, 1);
    cr_assert(u.count == 4 && find(&u, "xyz"));
    unigram_free(&u);
    u = unigram_seed(words, 0, 3, 100);
    cr_assert(u.count == 0 && unigram_log_p(&u, "a", 1) == -INFINITY
              && unigram_log_p(&u, "", 0) == 0);
    unigram_free(&u);
}
