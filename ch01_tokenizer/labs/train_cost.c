// T6: what training costs, counted: the textbook loop against lists of occurrences.
// Lecture, section 1.5.
#include <math.h>
#include <string.h>

#include "ch01_tokenizer/labs/corpus.h"
#include "common/numeric/small.h"
#include "common/program/plot.h"

enum { TEXT = 20000, STEPS = 7 };

typedef struct {
    TrainWork naive, lists;
    // N_0, N_T, sum of N_t over the T merges
    double tokens_before, tokens_after, sum_of_tokens;
    int merges;  // T, less where the text ran out of pairs
    bool same;
} Cost;

static Cost measure(const char *text, size_t n, int merges) {
    Cost cost = {0};
    Words a = one_word(text, n), b = one_word(text, n);
    Merges x, y;
    cost.tokens_before = (double)words_symbols(&a);
    bpe_train_naive(&x, &a, 256, merges, &cost.naive);
    bpe_train(&y, &b, 256, merges, &cost.lists);
    cost.tokens_after = (double)words_symbols(&b);
    cost.same = x.count == y.count
                && memcmp(x.pairs, y.pairs, (size_t)x.count * sizeof(Pair)) == 0;
    cost.merges = y.count;
    double left = cost.tokens_before;
    // where pairs run out, one more look finds that
    for (int t = 0; t < merges && t <= y.count; t++) {
        cost.sum_of_tokens += left;
        if (t < y.count) left -= (double)y.replaced[t];
    }
    merges_free(&x), merges_free(&y), words_free(&a), words_free(&b);
    return cost;
}

static void run(Lab *lab) {
    Bytes text = corpus(lab, 1, "a byte");
    size_t n = size_min(text.size, TEXT);
    Cost costs[STEPS];
    Plot *p = plot_new(
        lab, "train_cost",
        "merges naive_visits sum_of_tokens list_visits list_updates update_bound");
    int different = 0;
    double worst = 0;
    for (int i = 0; i < STEPS; i++) {
        Cost c = costs[i] = measure(text.data, n, 4 << i);
        // Each of the N_0 - N_T replacements makes at most two new pairs, and as many
        // again may be counted anew when the lists are thrown away, which is when they
        // hold more than the corpus has tokens.
        double bound = c.tokens_before + 4 * (c.tokens_before - c.tokens_after)
                       + (double)c.lists.lowered;
        worst = nan_max(worst, (double)c.lists.updates / bound);
        different += !c.same;
        plot_row(p, 4 << i, (double)c.naive.visits, c.sum_of_tokens,
                 (double)c.lists.visits, (double)c.lists.updates, bound);
    }
    Cost last = costs[STEPS - 1], half = costs[STEPS - 2];
    // they have no bound of their own: a stale candidate may be counted again often
    lab_print(lab, "%d merges: lists visit %llu places, the textbook loop %llu",
              last.merges, (unsigned long long)last.lists.visits,
              (unsigned long long)last.naive.visits);
    claim_equal(lab, "1.11", "runs in which the two give other merges", 0, different);
    claim_near(lab, "1.12", "positions the textbook loop visits: sum of N_t",
               last.sum_of_tokens, (double)last.naive.visits, 0);
    // N_t falls: twice the merges visit at most twice the positions, and at least T
    // more of N_2T each.
    double slope = log2((double)last.naive.visits / (double)half.naive.visits);
    // a text of few pairs has no exponent to speak of
    bool doubled = half.merges > 0 && last.merges == 2 * half.merges;
    if (doubled) claim_at_most(lab, "1.12", "exponent of its cost in T", 1, slope);
    if (doubled)
        claim_at_least(lab, "1.12", "exponent of its cost in T, from N_2T / N_0",
                       log2(1 + last.tokens_after / last.tokens_before), slope);
    claim_at_most(lab, "1.13", "count updates with lists, as a share of the bound", 1,
                  worst);
    plot_title(p, "Training: positions visited, and counts updated");
    plot_axes(p, "merges T", "visits or updates");
    plot_set(p, "logscale xy 2");
    plot_set(p, "format y \"2^{%%L}\"");
    plot_line(p, "merges", "sum_of_tokens", "textbook loop: sum of N_t");
    plot_line(p, "merges", "update_bound", "lists: bound on the updates");
    plot_points(p, "merges", "naive_visits", "textbook loop: visits, counted");
    plot_points(p, "merges", "list_updates", "lists: updates, counted");
    plot_end(p);
    bytes_free(&text);
}

static const Option options[] = {DATA_OPTION, {0}};

const LabSpec lab_train_cost = {"train-cost", "1.5", "What training costs", run,
                                options};
