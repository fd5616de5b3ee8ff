// T5: what encoding one long piece costs, counted: look again for every merge, or keep
// a heap. Lecture, section 1.6.
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/bpe_encode.h"
#include "ch01_tokenizer/labs/corpus.h"
#include "common/error.h"
#include "common/numeric/small.h"
#include "common/program/plot.h"

enum { MERGES = 512, STRINGS = 10000, SHORTEST = 8, LONGEST = 4096 };

// A slice of the text, or, every second time, random letters of it: strings that
// training never saw.
static size_t draw_string(Rng *rng, const Bytes *text, size_t n, int *symbols) {
    bool slice = rng_below(rng, 2);
    size_t from = (size_t)rng_below(rng, (int)(text->size - n) + 1);
    for (size_t i = 0; i < n; i++) {
        size_t at = slice ? from + i : (size_t)rng_below(rng, (int)text->size);
        symbols[i] = (unsigned char)text->data[at];
    }
    return n;
}

// longer tokens keep only the merge they were made by
enum { SPELT_MOST = BPE_SCAN_MOST };

// The bytes of every token, one after the other; ends[s] is where token s ends.
static int *spell_all(const Merges *m, size_t *ends) {
    int *bytes = NULL;
    size_t size = 0, capacity = 0;
    for (int s = 0; s < m->base + m->count; s++) {
        int parts[2] = {s < m->base ? s : m->pairs[s - m->base].left,
                        s < m->base ? -1 : m->pairs[s - m->base].right};
        for (int p = 0; p < 2 && parts[p] >= 0; p++) {
            size_t begin = s < m->base || parts[p] == 0 ? 0 : ends[parts[p] - 1];
            size_t length = s < m->base ? 1 : ends[parts[p]] - begin;
            reserve(bytes, capacity, size + length);
            if (s < m->base) bytes[size] = s;
            else memcpy(bytes + size, bytes + begin, length * sizeof *bytes);
            size += length;
        }
        ends[s] = size;
    }
    return bytes;
}

// The rule of rank files: two tokens merge where their bytes together are a token,
// whatever that was made from. A string is a token if encoding it leaves one symbol.
static PairTable pairs_by_text(const Merges *m) {
    int symbols = m->base + m->count;
    PairTable trained = pair_table_of(m), table = {0};
    size_t *ends = allocate((size_t)symbols, sizeof *ends);
    int *bytes = spell_all(m, ends);
    for (int s = m->base; s < symbols; s++) {
        const int *text = bytes + ends[s - 1];
        size_t n = ends[s] - ends[s - 1];
        if (n > SPELT_MOST)
            pair_table_add(&table, m->pairs[s - m->base].left,
                           m->pairs[s - m->base].right, s);
        for (size_t cut = 1; n <= SPELT_MOST && cut < n; cut++) {
            int left[SPELT_MOST], right[SPELT_MOST];
            memcpy(left, text, cut * sizeof *left);
            memcpy(right, text + cut, (n - cut) * sizeof *right);
            bool tokens = bpe_encode_scan(&trained, left, cut) == 1
                          && bpe_encode_scan(&trained, right, n - cut) == 1;
            if (tokens) pair_table_add(&table, left[0], right[0], s);
        }
    }
    free(bytes), free(ends);
    pair_table_free(&trained);
    return table;
}

static void claim_same(Lab *lab, const Bytes *text, const PairTable *pairs,
                       const PairTable *by_text) {
    int heap_differs = 0, text_differs = 0;
    double most_pushes = 0;
    for (int i = 0; i < STRINGS; i++) {
        int a[64], b[64], c[64];
        // 2 to 63 bytes, and no more than there are
        int most = (int)size_min(text->size, 63);
        size_t n = draw_string(&lab->rng, text,
                               (size_t)(2 + rng_below(&lab->rng, most - 1)), a);
        memcpy(b, a, sizeof a), memcpy(c, a, sizeof a);
        EncodeWork work = {0};
        size_t x = bpe_encode_naive(pairs, a, n, NULL),
               y = bpe_encode_heap(pairs, b, n, &work);
        size_t z = bpe_encode_scan(by_text, c, n);
        heap_differs += x != y || memcmp(a, b, x * sizeof *a) != 0;
        text_differs += x != z || memcmp(a, c, x * sizeof *a) != 0;
        most_pushes = nan_max(most_pushes, (double)work.pushes / (double)(n - 1));
    }
    claim_equal(lab, "1.14", "strings that heap and naive loop encode differently", 0,
                heap_differs);
    claim_at_most(lab, "1.15", "pushes / (n - 1), the most of all strings", 3,
                  most_pushes);
    claim_equal(lab, "1.16", "strings that tiktoken's rule encodes differently", 0,
                text_differs);
}

static void draw_costs(Lab *lab, const Bytes *text, const PairTable *pairs) {
    Plot *p = plot_new(
        lab, "encode_cost",
        "n heap_pushes_per_byte naive_inspections_per_byte naive_derived bound");
    long long off = 0;
    int *a = allocate(LONGEST, sizeof *a), *b = allocate(LONGEST, sizeof *b);
    for (size_t n = SHORTEST; n <= LONGEST && n <= text->size; n *= 2) {
        draw_string(&lab->rng, text, n, a);
        memcpy(b, a, n * sizeof *a);
        EncodeWork naive = {0}, heap = {0};
        bpe_encode_naive(pairs, a, n, &naive);
        bpe_encode_heap(pairs, b, n, &heap);
        // Before merge k, k = 0 .. m, there are n - k symbols, hence n - 1 - k pairs;
        // after the last it looks once more.
        long long m = (long long)naive.merges,
                  pairs_seen = (m + 1) * ((long long)n - 1) - m * (m + 1) / 2;
        off += llabs(pairs_seen - (long long)naive.inspections);
        plot_row(p, (double)n, (double)heap.pushes / (double)n,
                 (double)naive.inspections / (double)n, (double)pairs_seen / (double)n,
                 3);
    }
    free(a), free(b);
    claim_equal(lab, "1.15", "naive inspections off (M + 1)(n - 1) - M (M + 1) / 2", 0,
                off);
    plot_axes(p, "length n of a piece, bytes", "operations per byte");
    plot_set(p, "logscale xy 2");
    plot_line(p, "n", "bound", "bound: 3");
    plot_line(p, "n", "naive_derived", "(M + 1)(n - 1) - M (M + 1) / 2, per byte");
    plot_points(p, "n", "heap_pushes_per_byte", "pushes on the heap");
    plot_points(p, "n", "naive_inspections_per_byte", "naive: pairs inspected");
    plot_end(p);
}

static void run(Lab *lab) {
    Bytes text = corpus(lab, SHORTEST, "its shortest piece");
    Words words = corpus_words(lab, "gpt2");
    Merges m;
    bpe_train(&m, &words, 256, MERGES, NULL);
    PairTable pairs = pair_table_of(&m), by_text = pairs_by_text(&m);
    lab_print(lab, "%zu pairs merge by their text, %d by the list of merges",
              by_text.used, m.count);
    claim_same(lab, &text, &pairs, &by_text);
    draw_costs(lab, &text, &pairs);
    pair_table_free(&pairs), pair_table_free(&by_text);
    merges_free(&m), words_free(&words), bytes_free(&text);
}

static const Option options[] = {DATA_OPTION, {0}};

const LabSpec lab_encode_cost = {"encode-cost", "1.6", "What encoding costs", run,
                                 options};
