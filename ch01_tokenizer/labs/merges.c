// T1: the bookkeeping of BPE training, on real text. Lecture, section 1.4.
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/labs/corpus.h"
#include "common/numeric/small.h"
#include "common/program/plot.h"

enum { MERGES = 1024 };

// How many tokens have a text that an earlier one has already.
static int repeated_texts(const Merges *m) {
    char **text = allocate((size_t)(m->base + m->count), sizeof *text);
    int repeated = 0;
    for (int s = 0; s < m->base + m->count; s++) {
        if (s < m->base) {
            text[s] = allocate(3, 1);
            snprintf(text[s], 3, "%02x", s & 0xFFu);
        } else {
            Pair p = m->pairs[s - m->base];
            size_t size = strlen(text[p.left]) + strlen(text[p.right]) + 1;
            text[s] = allocate(size, 1);
            snprintf(text[s], size, "%s%s", text[p.left], text[p.right]);
        }
        for (int before = 0; before < s; before++)
            if (strcmp(text[before], text[s]) == 0) repeated++;
    }
    for (int s = 0; s < m->base + m->count; s++) free(text[s]);
    free(text);
    return repeated;
}

// A run of k equal letters holds k - 1 pairs, and floor(k / 2) of them can be merged.
static void claim_runs(Lab *lab) {
    int run[100] = {0}, k = 2 + rng_below(&lab->rng, 98);
    Words words = {0};
    words_add(&words, run, (size_t)k, 1);
    Merges m;
    bpe_train(&m, &words, 1, 1, NULL);
    claim_equal(lab, "1.9", "a run of k letters: pairs found, k - 1", k - 1,
                (long long)m.found[0]);
    claim_equal(lab, "1.9", "a run of k letters: pairs replaced, floor(k/2)", k / 2,
                (long long)m.replaced[0]);
    merges_free(&m), words_free(&words);
}

static void claim_bookkeeping(Lab *lab, const Merges *m, long long before,
                              long long after) {
    long long replaced = 0, rises = 0, unlike = 0;
    for (int t = 0; t < m->count; t++) {
        replaced += (long long)m->replaced[t];
        rises += t > 0 && m->found[t] > m->found[t - 1];
        unlike +=
            m->pairs[t].left != m->pairs[t].right && m->found[t] != m->replaced[t];
    }
    claim_equal(lab, "1.7", "tokens left: N_T = N_0 - sum of r_t", before - replaced,
                after);
    claim_equal(lab, "1.8", "merges t whose count f_t exceeds f_(t-1)", 0, rises);
    claim_equal(lab, "1.9", "pairs a b, a != b, with r_t != f_t", 0, unlike);
    claim_equal(lab, "1.10", "tokens whose text another token has", 0,
                repeated_texts(m));
}

// bpe_train is built on 1.8; the textbook loop is not.
static void claim_by_the_textbook(Lab *lab) {
    enum { TEXT = 20000, FEW = 128 };
    Bytes text = corpus(lab, 1, "a byte");
    Words words = one_word(text.data, size_min(text.size, TEXT));
    Merges m;
    bpe_train_naive(&m, &words, 256, FEW, NULL);
    int rises = 0;
    for (int t = 1; t < m.count; t++) rises += m.found[t] > m.found[t - 1];
    claim_equal(lab, "1.8", "the same, by the textbook loop", 0, rises);
    merges_free(&m), words_free(&words), bytes_free(&text);
}

// N_0 and N_T: tokens before the first merge and after the last.
static void draw(Lab *lab, const Merges *m, long long before, long long after) {
    Plot *p = plot_new(lab, "merges", "merge found replaced tokens_left");
    long long left = before;
    for (int t = 0; t < m->count; t++) {
        left -= (long long)m->replaced[t];
        plot_row(p, t + 1, (double)m->found[t], (double)m->replaced[t], (double)left);
    }
    assert(left == after && "the last row is N_T, claim 1.7");
    plot_axes(p, "merge t", "count");
    plot_set(p, "logscale xy");
    // room below the least count, 1
    plot_set(p, "yrange [0.5:*]");
    plot_line(p, "merge", "found", "f_t, pairs found: never rises");
    plot_points(p, "merge", "replaced", "r_t, pairs replaced");
    plot_end(p);
}

static void run(Lab *lab) {
    Words words = corpus_words(lab, "gpt2");
    long long before = (long long)words_symbols(&words);
    Merges m;
    bpe_train(&m, &words, 256, MERGES, NULL);
    long long after = (long long)words_symbols(&words);
    lab_print(lab, "%lld bytes become %lld tokens in %d merges", before, after,
              m.count);
    claim_bookkeeping(lab, &m, before, after);
    claim_by_the_textbook(lab);
    claim_runs(lab);
    if (m.count) draw(lab, &m, before, after);
    else lab_print(lab, "no two bytes side by side: nothing to draw");
    merges_free(&m), words_free(&words);
}

static const Option options[] = {DATA_OPTION, {0}};

const LabSpec lab_merges = {
    "merges", "1.4", "What each merge does to the count of tokens", run, options};
