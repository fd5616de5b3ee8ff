// Word-level BPE: the paper's example by hand, both end marks, and unknown characters.
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/word_bpe.h"
#include "common/numeric/rng.h"

static const WordCount paper[] = {
    {"low", 3, 5}, {"lower", 5, 2}, {"newest", 6, 6}, {"widest", 6, 3}};
enum { PAPER = 4 };

static void assert_merges(const WordBpe *bpe, const char *const *expected, int n) {
    cr_assert_eq(bpe->merges.count, n);
    for (int t = 0; t < n; t++) {
        char merge[64];
        Pair pair = bpe->merges.pairs[t];
        snprintf(merge, sizeof merge, "%s %s", bpe->texts[pair.left],
                 bpe->texts[pair.right]);
        cr_assert_str_eq(merge, expected[t], "merge %d", t);
    }
}

static void assert_encodes(const WordBpe *bpe, const char *word, const char *expected) {
    int symbols[64];
    char line[256] = "";
    size_t n = word_bpe_encode(bpe, word, strlen(word), symbols);
    for (size_t i = 0; i < n; i++) {
        strcat(line, i ? " " : "");
        strcat(line, symbols[i] == NO_SYMBOL ? "?" : bpe->texts[symbols[i]]);
    }
    cr_assert_str_eq(line, expected, "%s: %s", word, line);
}

// By hand. Where the paper's list (es, es t, est </w>) differs, counts tie: es t and t
// </w> both stand 9 times, and the smaller left symbol goes first.
Test(word_bpe, the_papers_dictionary) {
    static const char *const expected[] = {
        "e s", "t </w>", "es t</w>",    "l o",      "lo w",
        "e w", "n ew",   "new est</w>", "low </w>", "d est</w>"};
    static const uint64_t found[] = {9, 9, 9, 7, 7, 6, 6, 6, 5, 3};
    WordBpe bpe = word_bpe_train(paper, PAPER, MARK_SEPARATE, 10);
    cr_assert_eq(bpe.letters.count, 11, "d e i l n o r s t w </w>");
    assert_merges(&bpe, expected, 10);
    for (int t = 0; t < 10; t++) cr_assert_eq(bpe.merges.found[t], found[t]);
    assert_encodes(&bpe, "lowest", "low est</w>");  // never seen
    assert_encodes(&bpe, "low", "low</w>");
    assert_encodes(&bpe, "lower", "low e r </w>");
    assert_encodes(&bpe, "widest", "w i dest</w>");
    assert_encodes(&bpe, "", "</w>");
    word_bpe_free(&bpe);
}

Test(word_bpe, fused_mark) {
    static const char *const expected[] = {
        "e s",         "es t</w>", "l o",       "e w",        "n ew",
        "new est</w>", "lo w</w>", "d est</w>", "i dest</w>", "w idest</w>"};
    WordBpe bpe = word_bpe_train(paper, PAPER, MARK_FUSED, 10);
    cr_assert_eq(bpe.letters.count, 11, "d e i l n o s w, r</w> t</w> w</w>");
    assert_merges(&bpe, expected, 10);
    assert_encodes(&bpe, "lowest", "lo w est</w>");
    assert_encodes(&bpe, "widest", "widest</w>");
    assert_encodes(&bpe, "", "");
    word_bpe_free(&bpe);
}

// Characters of its own: any other is unknown, and fused even a known letter at a place
// it never occurred in.
Test(word_bpe, unknown_characters) {
    WordBpe separate = word_bpe_train(paper, PAPER, MARK_SEPARATE, 10);
    WordBpe fused = word_bpe_train(paper, PAPER, MARK_FUSED, 10);
    assert_encodes(&separate, "lowxest", "low ? est</w>");
    assert_encodes(&separate, "天气low", "? ? low</w>");
    assert_encodes(&separate, "newel", "new e l </w>");
    assert_encodes(&fused, "newel", "new e ?");  // no training word ends in l
    assert_encodes(&fused, "tow", "? o w</w>");  // none has a t inside
    assert_encodes(&separate, "lo\xff", "lo ? </w>");
    word_bpe_free(&separate), word_bpe_free(&fused);
}

// The merges depend on the dictionary, not on the order it is listed in: symbols are in
// code point order.
Test(word_bpe, order_of_the_words_does_not_matter) {
    const WordCount backwards[] = {paper[3], paper[2], paper[1], paper[0]};
    for (int mark = MARK_SEPARATE; mark <= MARK_FUSED; mark++) {
        WordBpe a = word_bpe_train(paper, PAPER, (WordMark)mark, 20);
        WordBpe b = word_bpe_train(backwards, PAPER, (WordMark)mark, 20);
        cr_assert_eq(a.merges.count, b.merges.count);
        size_t bytes = (size_t)a.merges.count * sizeof *a.merges.pairs;
        cr_assert(memcmp(a.merges.pairs, b.merges.pairs, bytes) == 0);
        word_bpe_free(&a), word_bpe_free(&b);
    }
}

// A training word is encoded as training left it.
Test(word_bpe, encoding_repeats_training) {
    Rng rng = rng_new(1);
    for (int round = 0; round < 100; round++) {
        char texts[10][8];
        WordCount words[10];
        for (int w = 0; w < 10; w++) {
            size_t n = 1 + (size_t)rng_below(&rng, 8);
            for (size_t i = 0; i < n; i++)
                texts[w][i] = (char)('a' + rng_below(&rng, 3));
            words[w] = (WordCount){texts[w], n, 1 + (uint32_t)rng_below(&rng, 5)};
        }
        WordBpe bpe =
            word_bpe_train(words, 10, round % 2 ? MARK_FUSED : MARK_SEPARATE, 15);
        Words corpus = letters_corpus(&bpe.letters, words, 10);
        Merges merges;
        bpe_train_naive(&merges, &corpus, bpe.letters.count, 15, NULL);
        size_t cell = 0;
        for (int w = 0; w < 10; w++) {
            int symbols[16];
            size_t n = word_bpe_encode(&bpe, words[w].text, words[w].size, symbols);
            for (size_t i = 0; i < n; i++) {
                while (corpus.cells[cell] == NO_SYMBOL) cell++;
                cr_assert_eq(corpus.cells[cell++], symbols[i]);
            }
        }
        merges_free(&merges), words_free(&corpus), word_bpe_free(&bpe);
    }
}

Test(word_bpe, count_words) {
    static const char text[] = "  b a\tb\n\nab b\r\n";
    size_t n;
    WordCount *words = count_words(text, strlen(text), &n);
    cr_assert_eq(n, 3);
    cr_assert(words[0].size == 1 && words[0].text[0] == 'a' && words[0].count == 1);
    cr_assert(words[1].size == 2 && words[1].text[0] == 'a' && words[1].count == 1);
    cr_assert(words[2].size == 1 && words[2].text[0] == 'b' && words[2].count == 3);
    free(words);
    free(count_words(" \n", 2, &n));
    cr_assert_eq(n, 0);
    free(count_words("", 0, &n));
    cr_assert_eq(n, 0);
    words = count_words("last", 4, &n);
    cr_assert(n == 1 && words[0].size == 4);
    free(words);
}

Test(word_bpe, letters_and_their_texts) {
    const WordCount words[] = {{"天a", 4, 1}, {"a天", 4, 1}, {"\xff", 1, 1}};
    static const char *const expected[3][6] = {
        {"a", "天", "\xEF\xBF\xBD", "</w>"},
        {"a", "天", "a</w>", "天</w>", "\xEF\xBF\xBD</w>"},
        {"a", "天", "\xEF\xBF\xBD", "##a", "##天"}};
    for (int mark = MARK_SEPARATE; mark <= MARK_CONTINUATION; mark++) {
        Letters letters = letters_of(words, 3, (WordMark)mark);
        char **texts = symbol_texts(&letters, NULL);
        cr_assert_eq(letters.count, mark == MARK_SEPARATE ? 4 : 5);
        for (int i = 0; i < letters.count; i++)
            cr_assert_str_eq(texts[i], expected[mark][i]);
        symbol_texts_free(texts, letters.count);
        letters_free(&letters);
    }
    Letters none = letters_of(NULL, 0, MARK_FUSED);
    int symbol;
    cr_assert(none.count == 0 && letters_split(&none, "a", 1, &symbol) == 1
              && symbol == NO_SYMBOL);
    letters_free(&none);
}
