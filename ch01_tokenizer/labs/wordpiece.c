// Which pair to merge: the likelihood's choice, the count's and the score's. Lecture,
// section 1.10.
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/labs/corpus.h"
#include "ch01_tokenizer/source.h"
#include "ch01_tokenizer/word_bpe.h"
#include "ch01_tokenizer/wordpiece.h"
#include "common/numeric/small.h"
#include "common/program/plot.h"

enum { CRITERIA = 3, SHOWN = 6, LETTERS = 12, MOST_TEXT = 1 << 16 };
static const char *const names[CRITERIA] = {"count", "score", "likelihood"};

static const Option options[] = {
    {"merges", "200", "merges by each criterion"}, DATA_OPTION, {0}};

// ---- [1.25] the gain's formula

// Summing S terms whose sizes add up to 2 N ln N loses at most S epsilon of that; there
// are two.
static double rounding(const Words *words, int symbols) {
    double n = (double)words_symbols(words);
    return 4 * symbols * DBL_EPSILON * n * log(n + 1);
}

static void claim_formula(Lab *lab, const WordPieceTraining *t, double tolerance,
                          const char *what) {
    double worst = 0;
    for (int i = 0; i < t->merges.count; i++)
        worst = nan_max(worst, fabs(t->totals[i + 1] - t->totals[i] - t->gains[i]));
    claim_near(lab, "1.25", what, 0, worst, tolerance);
}

static void print_merges(Lab *lab, const Letters *letters, const WordPieceTraining *t,
                         const char *name) {
    char line[512] = "";
    char **texts = symbol_texts(letters, &t->merges);
    for (int i = 0; i < SHOWN && i < t->merges.count; i++) {
        size_t used = strlen(line);
        Pair pair = t->merges.pairs[i];
        snprintf(line + used, sizeof line - used, "  %s %s (%llu)", texts[pair.left],
                 texts[pair.right], (unsigned long long)t->merges.found[i]);
    }
    lab_print(lab, "  %-10s %s", name, line);
    symbol_texts_free(texts, letters->count + t->merges.count);
}

static void draw(Lab *lab, const WordPieceTraining *by, int merges) {
    Plot *p = plot_new(lab, "wordpiece",
                       "t count score likelihood count_sum score_sum likelihood_sum");
    double sums[CRITERIA] = {0};
    int every = merges / 20 ? merges / 20 : 1;
    for (int i = 0; i <= merges; i++) {
        double row[1 + 2 * CRITERIA] = {i};
        for (int k = 0; k < CRITERIA; k++) {
            bool there = i <= by[k].merges.count;
            row[1 + k] =
                there && i % every == 0 ? by[k].totals[i] - by[k].totals[0] : NAN;
            row[1 + CRITERIA + k] = there ? sums[k] : NAN;
            if (i < by[k].merges.count) sums[k] += by[k].gains[i];
        }
        plot_row_values(p, row);
    }
    plot_axes(p, "t: merges", "L_t - L_0, nats");
    plot_line(p, "t", "count_sum", "by count (BPE): sum of gains");
    plot_line(p, "t", "score_sum", "by score r/(c_a c_b): sum of gains");
    plot_line(p, "t", "likelihood_sum", "by likelihood gain: sum of gains");
    plot_points(p, "t", "count", "by count: L of the text");
    plot_points(p, "t", "score", "by score: L of the text");
    plot_points(p, "t", "likelihood", "by gain: L of the text");
    plot_end(p);
}

// Greedy looks one merge ahead: only the first merges can be compared. L is summed anew
// from the text; two pairs may be worth the same up to its rounding.
static void claim_first(Lab *lab, const char *id, const WordPieceTraining *by,
                        double tolerance) {
    double gain[CRITERIA];
    for (int k = 0; k < CRITERIA; k++) gain[k] = by[k].totals[1] - by[k].totals[0];
    claim_at_least(lab, id, "first merge by likelihood gains >= by count",
                   gain[MERGE_BY_COUNT] - tolerance, gain[MERGE_BY_LIKELIHOOD]);
    claim_at_least(lab, id, "first merge by likelihood gains >= by score",
                   gain[MERGE_BY_SCORE] - tolerance, gain[MERGE_BY_LIKELIHOOD]);
}

// ---- [1.26] the gain's bounds

static double gain_beyond_pmi(double c_a, double c_b, double r, double n) {
    return likelihood_gain(c_a, c_b, r, n) / r - log(r * n / (c_a * c_b));
}

static void claim_bounds(Lab *lab, const Words *words, int base) {
    size_t n;
    PairCount *pairs = count_pairs(words, base, &n);
    double total = (double)words_symbols(words), least = INFINITY, most = -INFINITY;
    for (size_t i = 0; i < n; i++) {
        if (pairs[i].pair.left == pairs[i].pair.right) continue;
        double d = gain_beyond_pmi((double)pairs[i].left, (double)pairs[i].right,
                                   (double)pairs[i].replaced, total);
        least = nan_min(least, d), most = nan_max(most, d);
    }
    claim_at_least(lab, "1.26", "gain / r - PMI, least over all pairs", -1, least);
    claim_at_most(lab, "1.26", "gain / r - PMI, most over all pairs", 1, most);
    free(pairs);
    // Both bounds are reached in the limit. With g(x) = -(1-x) ln(1-x) / x = 1 - x/2 -
    // ..., gain / r - PMI is g(r/N) - g(r/c_a) - g(r/c_b): within r/c_a of -1 where r
    // << c, within r/N of 1 where r = c << N.
    claim_near(lab, "1.26", "a rare pair of frequent letters: -1", -1,
               gain_beyond_pmi(1e4, 1e4, 1, 1e6), 1e-4);
    claim_near(lab, "1.26", "letters always together: 1", 1,
               gain_beyond_pmi(1, 1, 1, 1e6), 1e-6);
}

// ---- [1.27] what the score prefers

// Random words, and the word q z twice; q and z occur nowhere else. A pair's score is
// at most 1 / max(c_a, c_b), and q z has 1/2. Every other letter occurs more often than
// twice.
static void claim_planted(Lab *lab, Rng *rng) {
    Source source = source_with_entropy(rng, LETTERS, 2.5);
    Words words = {0};
    int word[8];
    for (int i = 0; i < 3000; i++) {
        int length = 2 + rng_below(rng, 7);
        source_draw(&source, rng, word, length);
        words_add(&words, word, (size_t)length, 1);
    }
    for (int i = 0; i < LETTERS; i++) words_add(&words, &i, 1, 3);
    words_add(&words, (int[]){LETTERS, LETTERS + 1}, 2, 2);
    WordPieceTraining by[CRITERIA];
    for (int k = 0; k < CRITERIA; k++)
        by[k] = wordpiece_train(&words, LETTERS + 2, 1, (MergeCriterion)k);
    claim_equal(lab, "1.27", "qz planted twice: first letter of the score's pick",
                LETTERS, by[MERGE_BY_SCORE].merges.pairs[0].left);
    claim_equal(lab, "1.27", "qz planted twice: how often that pick occurs", 2,
                (long long)by[MERGE_BY_SCORE].merges.found[0]);
    claim_first(lab, "1.27", by, rounding(&words, LETTERS + 3));
    double gain = by[MERGE_BY_LIKELIHOOD].gains[0];
    lab_print(lab, "the score's first merge gains %.1f nats, the best one %.1f",
              by[MERGE_BY_SCORE].gains[0], gain);
    for (int k = 0; k < CRITERIA; k++) wordpiece_training_free(&by[k]);
    words_free(&words);
    source_free(&source);
}

static void compare(Lab *lab, const Letters *letters, const Words *words, int merges) {
    const char *const what[] = {"by count: gain - change of L, largest",
                                "by score: gain - change of L, largest",
                                "by likelihood: gain - change of L, largest"};
    double tolerance = rounding(words, letters->count + merges);
    WordPieceTraining by[CRITERIA];
    lab_print(lab, "the first merges, and how often the pair occurs in the text:");
    for (int k = 0; k < CRITERIA; k++) {
        by[k] = wordpiece_train(words, letters->count, merges, (MergeCriterion)k);
        print_merges(lab, letters, &by[k], names[k]);
    }
    for (int k = 0; k < CRITERIA; k++) claim_formula(lab, &by[k], tolerance, what[k]);
    claim_first(lab, "1.25", by, tolerance);
    claim_bounds(lab, words, letters->count);
    draw(lab, by, merges);
    for (int k = 0; k < CRITERIA; k++) wordpiece_training_free(&by[k]);
}

static void run(Lab *lab) {
    int merges = (int)option_int(&lab->args, "merges", 1, 10000);
    Bytes text = corpus(lab, 1, "a byte");
    size_t n, pairs, size = size_min(text.size, MOST_TEXT);
    WordCount *counted = count_words(text.data, size, &n);
    Letters letters = letters_of(counted, n, MARK_CONTINUATION);
    Words words = letters_corpus(&letters, counted, n);
    free(count_pairs(&words, letters.count, &pairs));
    lab_print(lab, "%zu distinct words, %llu letters, %zu distinct pairs", n,
              (unsigned long long)words_symbols(&words), pairs);
    if (pairs) compare(lab, &letters, &words, merges);
    Rng rng = lab->rng;
    claim_planted(lab, &rng);
    words_free(&words);
    letters_free(&letters);
    free(counted);
    bytes_free(&text);
}

const LabSpec lab_wordpiece = {"wordpiece", "1.10", "WordPiece: which pair to merge",
                               run, options};
