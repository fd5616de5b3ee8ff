// BPE as it was published: words of letters with an end-of-word mark, beside bytes.
// Lecture, section 1.4.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/labs/corpus.h"
#include "ch01_tokenizer/word_bpe.h"
#include "common/numeric/small.h"
#include "common/program/plot.h"

enum { PAPER = 4, POINTS = 10, MOST_TEXT = 1 << 16 };
static const WordCount paper[PAPER] = {
    {"low", 3, 5}, {"lower", 5, 2}, {"newest", 6, 6}, {"widest", 6, 3}};
static const WordCount unseen = {"lowest", 6, 1};

static void print_word(Lab *lab, const WordBpe *bpe, const char *what) {
    int symbols[16];
    char line[64] = "";
    size_t n = word_bpe_encode(bpe, unseen.text, unseen.size, symbols);
    for (size_t i = 0; i < n; i++)
        snprintf(line + strlen(line), sizeof line - strlen(line), " %s",
                 bpe->texts[symbols[i]]);
    lab_print(lab, "lowest, %s:%s", what, line);
}

// The paper's dictionary. By hand: e s occurs in newest and widest, 9 times, as do t
// </w> and then es t</w>; l o and lo w occur in low and lower, 7 times.
static void claim_paper(Lab *lab) {
    WordBpe separate = word_bpe_train(paper, PAPER, MARK_SEPARATE, 10),
            fused = word_bpe_train(paper, PAPER, MARK_FUSED, 10);
    static const int found[] = {9, 9, 9, 7, 7};
    for (int t = 0; t < 5; t++) {
        Pair pair = separate.merges.pairs[t];
        char what[64];
        snprintf(what, sizeof what, "merge %d: how often %s %s occurs", t + 1,
                 separate.texts[pair.left], separate.texts[pair.right]);
        claim_equal(lab, "1.32", what, found[t], (long long)separate.merges.found[t]);
    }
    print_word(lab, &separate, "mark separate");
    print_word(lab, &fused, "mark fused   ");
    int symbols[16];
    claim_equal(lab, "1.32", "lowest, never seen: low est</w>", 2,
                (long long)word_bpe_encode(&separate, "lowest", 6, symbols));
    claim_equal(lab, "1.32", "lowest, the mark fused: lo w est</w>", 3,
                (long long)word_bpe_encode(&fused, "lowest", 6, symbols));
    word_bpe_free(&separate), word_bpe_free(&fused);
}

// Symbols of all words, each as often as it occurs, encoded one by one.
static long long encoded_symbols(const WordBpe *bpe, const WordCount *words, size_t n) {
    int symbols[MOST_TEXT + 1];
    long long total = 0;
    for (size_t w = 0; w < n; w++)
        total += (long long)word_bpe_encode(bpe, words[w].text, words[w].size, symbols)
                 * words[w].count;
    return total;
}

static void run(Lab *lab) {
    Bytes text = corpus(lab, 1, "a word");
    size_t n, occurrences = 0;
    WordCount *words = count_words(text.data, size_min(text.size, MOST_TEXT), &n);
    for (size_t w = 0; w < n; w++) occurrences += words[w].count;
    if (!n) die("word-bpe: the text has no word: nothing but white space");
    claim_paper(lab);
    Plot *p = plot_new(lab, "word_bpe", "merges derived encoded");
    long long off = 0, before = 0;
    for (int i = 0; i < POINTS; i++) {
        int merges = i == 0 ? 0 : 1 << i;
        WordBpe bpe = word_bpe_train(words, n, MARK_SEPARATE, merges);
        long long left = encoded_symbols(&bpe, words, n), derived;
        if (i == 0) before = left;
        derived = before;
        for (int t = 0; t < bpe.merges.count; t++)
            derived -= (long long)bpe.merges.replaced[t];
        off += llabs(derived - left);
        plot_row(p, merges, (double)derived / (double)occurrences,
                 (double)left / (double)occurrences);
        word_bpe_free(&bpe);
    }
    claim_equal(lab, "1.33", "words encoded anew: symbols off N_0 - sum of r_t", 0,
                off);
    plot_axes(p, "merges", "symbols per word, the end mark included");
    plot_line(p, "merges", "derived", "N_0 - sum of r_t, as training counted");
    plot_points(p, "merges", "encoded", "the same words, encoded");
    plot_end(p);
    free(words);
    bytes_free(&text);
}

static const Option options[] = {DATA_OPTION, {0}};

const LabSpec lab_word_bpe = {"word-bpe", "1.4",
                              "Words of letters, and a mark at the end", run, options};
