// The unigram model: sums over segmentations, EM, and pruning. Lecture, section 1.11.
//
// The words are made of morphemes, drawn with known probabilities: the likelihood of
// the truth is known.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/unigram.h"
#include "ch01_tokenizer/wordpiece.h"
#include "common/error.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"words", "2000", "words of the corpus"},
    {"morphemes", "40", "tokens of the true model"},
    {"seed-size", "600", "tokens to begin with, beside the characters"},
    {"steps", "3", "EM steps between two prunings"},
    {0}};

// ---- [1.28], [1.29] the lattice against every segmentation, one by one

typedef struct {
    double sum, best;  // of p over the segmentations
} AllPaths;

static void walk_paths(const Unigram *u, const char *text, size_t n, double p,
                       AllPaths *all) {
    if (n == 0) {
        all->sum += p;
        all->best = nan_max(all->best, p);
    }
    for (size_t length = 1; length <= n; length++) {
        int token = trie_find(&u->trie, text, length);
        if (token != NO_TOKEN)
            walk_paths(u, text + length, n - length, p * exp(u->tokens[token].log_p),
                       all);
    }
}

enum { SHORT = 12, TEXTS = 60 };

// Over the letters a, b, c: the letters themselves, and every other string of 2 or 3
// with probability 1/2.
static Unigram random_model(Rng *rng, char (*store)[4]) {
    UnigramToken tokens[3 + 9 + 27];
    size_t count = 0;
    double total = 0;
    for (size_t length = 1, strings = 3; length <= 3; length++, strings *= 3)
        for (size_t s = 0; s < strings; s++) {
            if (length > 1 && rng_below(rng, 2)) continue;
            for (size_t i = 0, rest = s; i < length; i++, rest /= 3)
                store[count][i] = (char)('a' + rest % 3);
            double p = -log(1 - rng_uniform(rng)) + 1e-3;
            tokens[count] = (UnigramToken){store[count], length, log(p), length == 1};
            total += p;
            count++;
        }
    for (size_t i = 0; i < count; i++) tokens[i].log_p -= log(total);
    return unigram_new(tokens, count);
}

static void claim_lattice(Lab *lab, Rng *rng) {
    char store[3 + 9 + 27][4], text[SHORT];
    Unigram u = random_model(rng, store);
    double sum_error = 0, best_error = 0;
    for (int t = 0; t < TEXTS; t++) {
        size_t n = 1 + (size_t)t % SHORT;
        for (size_t i = 0; i < n; i++) text[i] = (char)('a' + rng_below(rng, 3));
        AllPaths all = {0};
        walk_paths(&u, text, n, 1, &all);
        sum_error = nan_max(sum_error, fabs(unigram_log_p(&u, text, n) - log(all.sum)));
        best_error = nan_max(
            best_error, fabs(unigram_viterbi(&u, text, n, NULL, NULL) - log(all.best)));
    }
    // At most 12 factors and 927 terms on either side, logarithms up to 100: 1e-12 is a
    // hundred roundings.
    claim_near(lab, "1.28", "ln p by the lattice - by all segmentations", 0, sum_error,
               1e-12);
    claim_near(lab, "1.29", "best path - the best of all segmentations", 0, best_error,
               1e-12);
    unigram_free(&u);
}

// A drawn segmentation is the best one with probability exp(best - ln p), and has
// E[tokens] tokens.
static void claim_samples(Lab *lab, Rng *rng) {
    enum { SAMPLES = 20000 };
    char store[3 + 9 + 27][4];
    static const char text[] = "abcabcaabb";
    size_t n = sizeof text - 1, best_count;
    int best[sizeof text], drawn[sizeof text];
    Unigram u = random_model(rng, store);
    double *expected = allocate(u.count, sizeof *expected), tokens = 0, sum = 0,
           squares = 0, hits = 0;
    double log_p = unigram_expect(&u, text, n, 1, expected);
    for (size_t i = 0; i < u.count; i++) tokens += expected[i];
    double p = exp(unigram_viterbi(&u, text, n, best, &best_count) - log_p);
    for (int s = 0; s < SAMPLES; s++) {
        size_t count = unigram_sample(&u, text, n, 1, rng, drawn);
        hits += count == best_count && memcmp(best, drawn, count * sizeof *best) == 0;
        sum += (double)count, squares += (double)(count * count);
    }
    double mean = sum / SAMPLES, variance = fmax(squares / SAMPLES - mean * mean, 0);
    // 5 standard errors; one sample more or less is the resolution.
    claim_near(lab, "1.29", "share of samples that are the best path", p,
               hits / SAMPLES, 5 * sqrt(p * (1 - p) / SAMPLES) + 1.0 / SAMPLES);
    claim_near(lab, "1.29", "tokens in a sample = sum of expected counts", tokens, mean,
               5 * sqrt(variance / SAMPLES) + 1.0 / SAMPLES);
    free(expected);
    unigram_free(&u);
}

// ---- [1.30], [1.31] training

enum { MOST_MORPHEMES = 64, LONGEST = 5 };

typedef struct {
    char morphemes[MOST_MORPHEMES][LONGEST];
    Unigram truth;
    char *text;
    size_t size, capacity;
    WordCount *words;
    size_t word_count;
} Language;

static bool is_known(const Language *l, int count) {
    for (int i = 0; i < count; i++)
        if (strcmp(l->morphemes[i], l->morphemes[count]) == 0) return true;
    return false;
}

// Distinct strings of 2 to 4 letters out of 8, the r-th with probability proportional
// to 1/r.
static void invent_morphemes(Language *l, Rng *rng, int count) {
    UnigramToken tokens[MOST_MORPHEMES];
    double total = 0;
    for (int i = 0; i < count; i++) total += 1.0 / (i + 1);
    for (int i = 0; i < count; i++) {
        size_t length;
        do {
            length = (size_t)(2 + rng_below(rng, 3));
            memset(l->morphemes[i], 0, LONGEST);
            for (size_t k = 0; k < length; k++)
                l->morphemes[i][k] = (char)('a' + rng_below(rng, 8));
        } while (is_known(l, i));
        tokens[i] =
            (UnigramToken){l->morphemes[i], length, -log((i + 1) * total), false};
    }
    l->truth = unigram_new(tokens, (size_t)count);
}

// Each word has 1, 2, ... morphemes: another one with probability 1/2.
static void write_words(Language *l, Rng *rng, int words) {
    double p[MOST_MORPHEMES];
    for (size_t i = 0; i < l->truth.count; i++) p[i] = exp(l->truth.tokens[i].log_p);
    for (int w = 0; w < words;) {
        const UnigramToken *m =
            &l->truth.tokens[rng_categorical(rng, p, (int)l->truth.count)];
        bool last = rng_below(rng, 2) == 0;
        reserve(l->text, l->capacity, l->size + m->size + 1);
        memcpy(l->text + l->size, m->text, m->size);
        l->size += m->size;
        if (last) l->text[l->size++] = ' ', w++;
    }
    l->words = count_words(l->text, l->size, &l->word_count);
}

static void language_free(Language *l) {
    unigram_free(&l->truth);
    free(l->text), free(l->words);
}

static double likelihood(const Unigram *u, const Language *l) {
    double total = 0;
    for (size_t i = 0; i < l->word_count; i++)
        total +=
            l->words[i].count * unigram_log_p(u, l->words[i].text, l->words[i].size);
    return total;
}

typedef struct {
    const Language *language;
    Unigram model;
    double *expected;  // the E-step's at the model as it is
    double now;        // and its L
    int steps;
    double truth;          // L of the true model
    double least_surplus;  // of an EM step: (gain - promised) / |L|
    double least_gain;     // of an EM step: gain / |L|
    // by how much SentencePiece's M-step misses the maximum of EM's bound, / |L|
    double least_gap;
    double largest_change;  // of L by a pruning that leaves the other p alone, / |L|
    Plot *plot;
} Training;

static void expect(Training *t) {
    t->now = unigram_expect_all(&t->model, t->language->words, t->language->word_count,
                                t->expected);
}

static Training training_new(Lab *lab, const Language *l, size_t seed_size) {
    Training t = {.language = l,
                  .model = unigram_seed(l->words, l->word_count, 6, seed_size)};
    t.expected = allocate(t.model.count, sizeof *t.expected);
    t.truth = likelihood(&l->truth, l);
    t.least_surplus = t.least_gain = t.least_gap = INFINITY;
    t.largest_change = -INFINITY;
    t.plot = plot_new(lab, "unigram", "step em pruned truth tokens");
    expect(&t);
    return t;
}

static void training_free(Training *t) {
    free(t->expected);
    unigram_free(&t->model);
}

// sum of E[count] (ln p - ln q): what EM's lower bound loses from p to q. An unused
// token costs nothing.
static double bound_change(const double *expected, const UnigramToken *p,
                           const UnigramToken *q, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        if (expected[i] > 0) sum += expected[i] * (p[i].log_p - q[i].log_p);
    return sum;
}

// SentencePiece's M-step from the same counts, scaled to sum to 1, against the maximum.
static double digamma_gap(const Training *t) {
    Unigram other = unigram_new(t->model.tokens, t->model.count);
    unigram_digamma_step(&other, t->expected);
    double total = 0;
    for (size_t i = 0; i < other.count; i++) total += exp(other.tokens[i].log_p);
    for (size_t i = 0; i < other.count; i++) other.tokens[i].log_p -= log(total);
    double gap = bound_change(t->expected, t->model.tokens, other.tokens, other.count);
    unigram_free(&other);
    return gap;
}

static void em_step(Training *t) {
    Unigram old = unigram_new(t->model.tokens, t->model.count);
    unigram_maximise(&t->model, t->expected);
    // E[tokens] KL(new, old), since the new p are E[count] / E[tokens].
    double promised = bound_change(t->expected, t->model.tokens, old.tokens, old.count);
    double before = t->now, scale = fabs(before);
    t->least_gap = nan_min(t->least_gap, digamma_gap(t) / scale);
    expect(t);
    t->least_surplus = nan_min(t->least_surplus, (t->now - before - promised) / scale);
    t->least_gain = nan_min(t->least_gain, (t->now - before) / scale);
    plot_row(t->plot, ++t->steps, t->now, NAN, t->truth, (double)t->model.count);
    unigram_free(&old);
}

static double log_p_in(const Unigram *u, const UnigramToken *token) {
    return u->tokens[trie_find(&u->trie, token->text, token->size)].log_p;
}

// L of the pruned vocabulary with the probabilities from before.
static double likelihood_held(const Training *t, const Unigram *old) {
    Unigram held = unigram_new(t->model.tokens, t->model.count);
    for (size_t i = 0; i < held.count; i++)
        held.tokens[i].log_p = log_p_in(old, &held.tokens[i]);
    double l = likelihood(&held, t->language);
    unigram_free(&held);
    return l;
}

static void prune(Training *t, size_t keep) {
    Unigram old = unigram_new(t->model.tokens, t->model.count);
    unigram_prune(&t->model, t->expected, keep);
    t->largest_change =
        nan_max(t->largest_change, (likelihood_held(t, &old) - t->now) / fabs(t->now));
    expect(t);
    plot_row(t->plot, t->steps, NAN, t->now, t->truth, (double)t->model.count);
    unigram_free(&old);
}

static size_t longer_tokens(const Unigram *u) {
    size_t count = 0;
    for (size_t i = 0; i < u->count; i++) count += !u->tokens[i].character;
    return count;
}

static int recovered(const Training *t) {
    const Unigram *truth = &t->language->truth;
    int count = 0;
    for (size_t i = 0; i < truth->count; i++)
        count += trie_find(&t->model.trie, truth->tokens[i].text, truth->tokens[i].size)
                 != NO_TOKEN;
    return count;
}

// One token a character: L is that of their counts.
static double characters_likelihood(const Language *l) {
    uint64_t counts[256] = {0};
    for (size_t i = 0; i < l->size; i++)
        counts[(unsigned char)l->text[i]] += l->text[i] != ' ';
    return likelihood_of_counts(counts, 256);
}

static void claim_training(Lab *lab, const Training *t) {
    // L sums some 10^4 logarithms of relative error below 1e-14 each: 1e-12 of |L| is a
    // hundredfold margin.
    claim_at_least(lab, "1.30", "EM: least (gain of L - E[tokens] KL) / |L|", -1e-12,
                   t->least_surplus);
    claim_at_least(lab, "1.30", "EM: least gain of L / |L|", -1e-12, t->least_gain);
    claim_at_least(lab, "1.30", "digamma M-step: bound is lower by, least / |L|",
                   -1e-12, t->least_gap);
    claim_at_most(lab, "1.31", "pruning, other p held: largest change of L / |L|",
                  1e-12, t->largest_change);
    double characters = characters_likelihood(t->language);
    claim_near(lab, "1.31", "only characters left: L = sum c ln c - N ln N", characters,
               t->now, 1e-12 * fabs(characters));
}

static void draw(const Training *t) {
    Plot *p = t->plot;
    plot_axes(p, "EM steps", "L, nats");
    plot_set(p, "y2label \"tokens\"");
    plot_set(p, "y2tics");
    plot_set(p, "logscale y2");
    plot_line(p, "step", "truth", "L of the model that made the words");
    plot_points(p, "step", "em", "L after an EM step");
    plot_points(p, "step", "pruned", "L after pruning");
    plot_series(p,
                "using \"step\":\"tokens\" axes x1y2 with steps linecolor \"#999999\" "
                "title \"tokens (right axis)\"");
    plot_end(p);
}

// A round of EM steps leaves two thirds of the tokens: how many rounds n tokens need.
static double rounds_of(size_t n) { return n ? log((double)n) / log(1.5) + 1 : 0; }

static void em_steps(Lab *lab, Training *t, int steps, double all_rounds) {
    double done = all_rounds - rounds_of(longer_tokens(&t->model));
    for (int i = 0; i < steps; i++) {
        lab_progress(lab, fmax(done + (double)i / steps, 0), all_rounds + 1);
        em_step(t);
    }
}

// EM, prune to two thirds, EM, ... until only the characters are left.
static void train(Lab *lab, const Language *l, size_t seed_size, int steps) {
    Training t = training_new(lab, l, seed_size);
    plot_row(t.plot, 0, t.now, NAN, t.truth, (double)t.model.count);
    lab_print(lab, "%zu distinct words; L of the truth %.1f", l->word_count, t.truth);
    double rounds = rounds_of(longer_tokens(&t.model));
    for (bool reported = false;;) {
        em_steps(lab, &t, steps, rounds);
        size_t have = longer_tokens(&t.model), target = l->truth.count;
        if (have <= target && !reported) {
            lab_print(lab,
                      "as many tokens as morphemes: L = %.1f, %d of %zu morphemes are "
                      "among them",
                      t.now, recovered(&t), target);
            reported = true;
        }
        if (have == 0) break;
        prune(&t, have > target && have * 2 / 3 < target ? target : have * 2 / 3);
    }
    lab_progress(lab, 1, 1);
    claim_training(lab, &t);
    draw(&t);
    training_free(&t);
}

static void run(Lab *lab) {
    int words = (int)option_int(&lab->args, "words", 100, 1000000);
    int morphemes = (int)option_int(&lab->args, "morphemes", 2, MOST_MORPHEMES);
    size_t seed_size = (size_t)option_int(&lab->args, "seed-size", 10, 100000);
    int steps = (int)option_int(&lab->args, "steps", 1, 1000);
    Rng rng = lab->rng;
    claim_lattice(lab, &rng);
    claim_samples(lab, &rng);
    Language language = {0};
    invent_morphemes(&language, &rng, morphemes);
    write_words(&language, &rng, words);
    train(lab, &language, seed_size, steps);
    language_free(&language);
}

const LabSpec lab_unigram = {
    "unigram", "1.11", "The unigram model: EM raises the likelihood, pruning costs",
    run, options};
