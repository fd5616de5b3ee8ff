// WordPiece: the gain against recounting, the three criteria, and BERT's encoding.
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/word_bpe.h"
#include "ch01_tokenizer/wordpiece.h"
#include "common/numeric/rng.h"

enum { LONGEST = 12, MERGES = 25 };

// Few letters and long runs, so that pairs like aa are everywhere.
static Words random_words(Rng *rng, int letters) {
    Words words = {0};
    for (int w = 3 + rng_below(rng, 20); w > 0; w--) {
        int symbols[LONGEST], n = 1 + rng_below(rng, LONGEST);
        for (int i = 0; i < n; i++)
            symbols[i] = rng_below(rng, 2) ? rng_below(rng, letters) : 0;
        words_add(&words, symbols, (size_t)n, 1 + (uint32_t)rng_below(rng, 4));
    }
    return words;
}

Test(wordpiece, by_count_is_bpe) {
    Rng rng = rng_new(1);
    for (int round = 0; round < 300; round++) {
        int letters = 1 + rng_below(&rng, 5);
        Words words = random_words(&rng, letters);
        WordPieceTraining t = wordpiece_train(&words, letters, MERGES, MERGE_BY_COUNT);
        Merges merges;
        bpe_train_naive(&merges, &words, letters, MERGES, NULL);
        cr_assert_eq(t.merges.count, merges.count);
        for (int i = 0; i < merges.count; i++) {
            cr_assert_eq(t.merges.pairs[i].left, merges.pairs[i].left);
            cr_assert_eq(t.merges.pairs[i].right, merges.pairs[i].right);
            cr_assert_eq(t.merges.found[i], merges.found[i]);
            cr_assert_eq(t.merges.replaced[i], merges.replaced[i]);
        }
        merges_free(&merges), wordpiece_training_free(&t), words_free(&words);
    }
}

// L from scratch, by the probabilities: sum over the text of ln(c_x / N).
static double likelihood_of_words(const Words *words, int symbols) {
    double *counts = calloc((size_t)symbols, sizeof *counts),
           n = (double)words_symbols(words), sum = 0;
    for (size_t i = 0; i < words->size; i++)
        if (words->cells[i] != NO_SYMBOL)
            counts[words->cells[i]] += words->counts[i / WORD_ALIGN];
    for (int s = 0; s < symbols; s++)
        if (counts[s] > 0) sum += counts[s] * log(counts[s] / n);
    free(counts);
    return sum;
}

static Words copy_of(const Words *words) {
    Words copy = *words;
    size_t counts = words->size / WORD_ALIGN;
    copy.cells = malloc(words->size * sizeof *copy.cells);
    copy.counts = malloc(counts * sizeof *copy.counts);
    copy.capacity = words->size, copy.counts_capacity = counts;
    memcpy(copy.cells, words->cells, words->size * sizeof *copy.cells);
    memcpy(copy.counts, words->counts, counts * sizeof *copy.counts);
    return copy;
}

// Replaces every left right by `merged`, from the left; a gap takes the place of the
// right symbol.
static void merge_cells(Words *words, Pair pair, int merged) {
    for (size_t i = 0; i + 1 < words->size; i++)
        if (words->cells[i] == pair.left && words->cells[i + 1] == pair.right)
            words->cells[i] = merged, words->cells[i + 1] = NO_SYMBOL;
}

// The gain of every pair of every corpus is the change of L that merging it makes;
// 1e-9: sums of some 20 terms below 10^4.
Test(wordpiece, gain_is_the_change_of_likelihood) {
    Rng rng = rng_new(2);
    int twins = 0;
    for (int round = 0; round < 300; round++) {
        int letters = 1 + rng_below(&rng, 4);
        Words words = random_words(&rng, letters);
        double n = (double)words_symbols(&words),
               before = likelihood_of_words(&words, letters), best = -INFINITY;
        size_t pair_count;
        PairCount *pairs = count_pairs(&words, letters, &pair_count);
        for (size_t p = 0; p < pair_count; p++) {
            Words merged = copy_of(&words);
            merge_cells(&merged, pairs[p].pair, letters);
            double change = likelihood_of_words(&merged, letters + 1) - before;
            cr_assert_float_eq(pair_gain(&pairs[p], n), change, 1e-9);
            best = fmax(best, change);
            twins += pairs[p].pair.left == pairs[p].pair.right;
            words_free(&merged);
        }
        WordPieceTraining t =
            wordpiece_train(&words, letters, MERGES, MERGE_BY_LIKELIHOOD);
        if (pair_count)
            cr_assert_float_eq(t.gains[0], best, 1e-9, "the best pair is taken");
        for (int i = 0; i < t.merges.count; i++)
            cr_assert_float_eq(t.totals[i + 1] - t.totals[i], t.gains[i], 1e-9);
        free(pairs), wordpiece_training_free(&t), words_free(&words);
    }
    cr_assert(twins > 100);
}

// r (PMI - 1) <= gain <= r (PMI + 1) over a grid of all small counts; gain / r - PMI is
// g(r/N) - g(r/c_a) - g(r/c_b), g(x) = -(1-x) ln(1-x) / x.
static double h(double x) { return x < 1 ? -(1 - x) * log1p(-x) / x : 0; }

Test(wordpiece, gain_lies_near_r_pmi) {
    for (int n = 2; n <= 40; n++)
        for (int c_a = 1; c_a < n; c_a++)
            for (int c_b = 1; c_a + c_b <= n; c_b++)
                for (int r = 1; r <= c_a && r <= c_b; r++) {
                    double beyond = likelihood_gain(c_a, c_b, r, n) / r
                                    - log((double)r * n / ((double)c_a * c_b));
                    cr_assert_float_eq(
                        beyond,
                        h((double)r / n) - h((double)r / c_a) - h((double)r / c_b),
                        1e-11);
                    cr_assert(-1 < beyond && beyond < 1, "%d %d %d %d: %g", n, c_a, c_b,
                              r, beyond);
                }
}

// The Hugging Face course's corpus: by count ##u ##g (20 times); its score's first pick
// ##g ##s, 1/20.
Test(wordpiece, criteria_pick_different_pairs) {
    const WordCount hugs[] = {
        {"hug", 3, 10}, {"pug", 3, 5}, {"pun", 3, 12}, {"bun", 3, 4}, {"hugs", 4, 5}};
    static const char *const expected[] = {"##ug", "##gs"};
    static const uint64_t found[] = {20, 5};
    Letters letters = letters_of(hugs, 5, MARK_CONTINUATION);
    Words words = letters_corpus(&letters, hugs, 5);
    for (int k = MERGE_BY_COUNT; k <= MERGE_BY_SCORE; k++) {
        WordPieceTraining t =
            wordpiece_train(&words, letters.count, 1, (MergeCriterion)k);
        char **texts = symbol_texts(&letters, &t.merges);
        cr_assert_str_eq(texts[letters.count], expected[k]);
        cr_assert_eq(t.merges.found[0], found[k]);
        symbol_texts_free(texts, letters.count + 1);
        wordpiece_training_free(&t);
    }
    size_t n;
    PairCount *pairs = count_pairs(&words, letters.count, &n);
    double best = 0;
    for (size_t i = 0; i < n; i++) best = fmax(best, pair_score(&pairs[i]));
    cr_assert_float_eq(best, 1.0 / 20, 1e-15);
    free(pairs), words_free(&words), letters_free(&letters);
}

// Two letters that occur twice, always together, win the score; the gain prefers what
// occurs often.
Test(wordpiece, score_prefers_the_rare) {
    const WordCount counts[] = {
        {"the", 3, 60}, {"then", 4, 20}, {"ten", 3, 30}, {"net", 3, 30}, {"qz", 2, 2}};
    static const char *const expected[] = {"", "qz", "th"};
    Letters letters = letters_of(counts, 5, MARK_CONTINUATION);
    Words words = letters_corpus(&letters, counts, 5);
    double gain[3];
    for (int k = MERGE_BY_COUNT; k <= MERGE_BY_LIKELIHOOD; k++) {
        WordPieceTraining t =
            wordpiece_train(&words, letters.count, 1, (MergeCriterion)k);
        char **texts = symbol_texts(&letters, &t.merges);
        if (*expected[k]) cr_assert_str_eq(texts[letters.count], expected[k]);
        gain[k] = t.gains[0];
        symbol_texts_free(texts, letters.count + 1);
        wordpiece_training_free(&t);
    }
    cr_assert(gain[MERGE_BY_SCORE] < 20 && gain[MERGE_BY_LIKELIHOOD] > 50, "%g %g",
              gain[1], gain[2]);
    words_free(&words), letters_free(&letters);
}

Test(wordpiece, nothing_to_merge) {
    Words words = {0};
    WordPieceTraining t = wordpiece_train(&words, 3, 5, MERGE_BY_LIKELIHOOD);
    cr_assert(t.merges.count == 0 && t.totals[0] == 0);
    wordpiece_training_free(&t);
    words_add(&words, (int[]){0}, 1, 7);
    words_add(&words, (int[]){2}, 1, 1);
    t = wordpiece_train(&words, 3, 5, MERGE_BY_SCORE);
    cr_assert_eq(t.merges.count, 0);
    cr_assert_float_eq(t.totals[0], 7 * log(7.0 / 8) + log(1.0 / 8), 1e-14);
    wordpiece_training_free(&t), words_free(&words);
}

// ---- encoding

static const char *const vocabulary[] = {"[UNK]", "un",   "una", "##ffa", "##ble",
                                         "##aff", "a",    "##a", "天",    "##气",
                                         "##f",   "able", "##ab"};
enum { VOCABULARY = sizeof vocabulary / sizeof *vocabulary };

static void assert_encodes(const WordPiece *w, const char *word, const char *expected) {
    int tokens[512];
    char line[4096] = "";
    size_t n = wordpiece_encode(w, word, strlen(word), tokens);
    for (size_t i = 0; i < n; i++) {
        strcat(line, i ? " " : "");
        strcat(line, vocabulary[tokens[i]]);
    }
    cr_assert_str_eq(line, expected, "%.20s: %s", word, line);
}

Test(wordpiece, encodes_as_bert_does) {
    WordPiece w = wordpiece_new(vocabulary, VOCABULARY, 0);
    assert_encodes(&w, "unaffable", "una ##ffa ##ble");  // una before un ##aff
    assert_encodes(&w, "unable", "una ##ble");
    assert_encodes(&w, "a", "a");
    assert_encodes(&w, "aa", "a ##a");
    assert_encodes(&w, "able", "able");
    assert_encodes(&w, "天气", "天 ##气");
    assert_encodes(&w, "气天", "[UNK]");  // ##气 begins no word, 天 continues none
    assert_encodes(&w, "ble", "[UNK]");
    assert_encodes(&w, "unax", "[UNK]");  // stuck at the end: not una [UNK]
    // una ##b..: greedy does not go back to un ##ab
    assert_encodes(&w, "unabl", "[UNK]");
    assert_encodes(&w, "unab", "[UNK]");  // although un ##ab is a segmentation
    assert_encodes(&w, "", "");
    wordpiece_free(&w);
}

// The limit is in characters, not bytes: 200 are read, 201 are [UNK].
Test(wordpiece, very_long_words) {
    WordPiece w = wordpiece_new(vocabulary, VOCABULARY, 0);
    char word[3 * 201 + 1] = "";
    int tokens[3 * 201];
    for (int i = 0; i < 201; i++) strcat(word, i ? "气" : "天");
    cr_assert_eq(wordpiece_encode(&w, word, 600, tokens), 200);
    cr_assert_eq(wordpiece_encode(&w, word, 603, tokens), 1);
    cr_assert_eq(tokens[0], 0);
    wordpiece_free(&w);
}

Test(wordpiece, a_vocabulary_without_continuations) {
    WordPiece w = wordpiece_new((const char *const[]){"a", "[UNK]"}, 2, 1);
    int tokens[4];
    cr_assert(wordpiece_encode(&w, "a", 1, tokens) == 1 && tokens[0] == 0);
    cr_assert(wordpiece_encode(&w, "aa", 2, tokens) == 1 && tokens[0] == 1);
    wordpiece_free(&w);
}
