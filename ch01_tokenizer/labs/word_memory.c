// How many words a memory of words knows again, when words are drawn by Zipf's law.
// Lecture, section 1.12.
//
// A line holds two words, and a new one takes the place of the older. Words that share a
// line, drawn again and again with probabilities p, leave it in the state (newer i, older
// j) with probability
//
//     p_i p_j / (S^2 - Q),         S = sum of p, Q = sum of p^2, over the line's words
//
// (first in, first out: what brings a pair in, i missed after j, is the draw of i, and the
// hits between change nothing). So word r is there with probability 2 p_r (S - p_r) /
// (S^2 - Q), or always where the line has two words or fewer, and the share of all draws
// that are known again is the sum of p_r times that.
#include <math.h>
#include <stdlib.h>

#include "ch01_tokenizer/word_memory.h"
#include "ch01_tokenizer/zipf_words.h"
#include "common/error.h"
#include "common/numeric/compare.h"
#include "common/program/plot.h"

enum { RANKS = 5000, WARM_UP = 500000, DRAWS = 500000, BATCHES = 50 };
// memories of 4, 8, ... 4096 lines, and of as many as encoding uses
enum { LEAST_LOG2 = 2, MOST_LOG2 = 12, MEMORIES = MOST_LOG2 - LEAST_LOG2 + 2 };
enum { SHOWN_LOG2 = 8 };

// Words of letters, so that their hashes are those of words.
static void key_of_word(uint64_t key[2], int word) {
    char text[sizeof(uint64_t[2])];
    int n = 0;
    for (int rest = word + 1; rest > 0; rest /= 26) text[n++] = (char)('a' + rest % 26);
    word_key(key, text, (size_t)n, sizeof text);
}

// As word_memory.h has it, with fewer lines.
typedef struct {
    int (*line)[2];  // [1 << log2] the newer word first; -1: none
    int log2;
    int known[BATCHES];  // draws of each batch that were in it
    int warm_up;         // and of those before
} Memory;

static size_t line_of(int log2, int word) {
    uint64_t key[2];
    key_of_word(key, word);
    return word_line(key) >> (WORD_LINES_LOG2 - log2);
}

static void meet(Memory *m, int word, size_t line, int *known) {
    int *at = m->line[line];
    if (at[0] == word || at[1] == word) {
        ++*known;
        return;
    }
    at[1] = at[0];
    at[0] = word;
}

// The share of draws known again, derived; of words of these lines.
static double derived(const Zipf *z, int log2) {
    size_t lines = (size_t)1 << log2;
    double *sum = allocate(lines, sizeof *sum), *squares = allocate(lines, sizeof *sum);
    int *words = allocate(lines, sizeof *words);
    for (int r = 0; r < z->ranks; r++) {
        size_t l = line_of(log2, r);
        sum[l] += z->p[r], squares[l] += z->p[r] * z->p[r], words[l]++;
    }
    double share = 0;
    for (int r = 0; r < z->ranks; r++) {
        size_t l = line_of(log2, r);
        double there =
            2 * z->p[r] * (sum[l] - z->p[r]) / (sum[l] * sum[l] - squares[l]);
        share += z->p[r] * (words[l] <= 2 ? 1 : there);
    }
    free(sum), free(squares), free(words);
    return share;
}

// The share, and its standard error from the batches: they are long beside the time that
// a line keeps a word, so they are as good as independent.
static double measured(const Memory *m, double *error) {
    double mean = 0, variance = 0;
    for (int b = 0; b < BATCHES; b++) mean += m->known[b];
    mean /= BATCHES;
    for (int b = 0; b < BATCHES; b++)
        variance += (m->known[b] - mean) * (m->known[b] - mean);
    variance /= BATCHES - 1;
    double batch = (double)DRAWS / BATCHES;
    *error = sqrt(variance / BATCHES) / batch;
    return mean / batch;
}

// All memories see the same draws, and so does the one that encoding uses; how many of
// them it knew.
static long long draw_words(Rng *rng, const Zipf *z, Memory *memories) {
    WordMemory *used = word_memory_new();
    long long known = 0;
    for (int i = 0; i < WARM_UP + DRAWS; i++) {
        int word = zipf_draw(z, rng);
        uint64_t key[2];
        key_of_word(key, word);
        size_t line = word_line(key);
        for (int m = 0; m < MEMORIES; m++)
            meet(&memories[m], word, line >> (WORD_LINES_LOG2 - memories[m].log2),
                 i < WARM_UP ? &memories[m].warm_up
                             : &memories[m].known[(i - WARM_UP) / (DRAWS / BATCHES)]);
        const Word *found = word_find(used, key);
        known += found && found->ids[0] == word;
        if (!found) word_keep(used, key, &word, 1);
    }
    word_memory_free(used);
    return known;
}

static double most_frequent(const Zipf *z, int words) {
    return words < z->ranks ? z->cumulative[words - 1] : 1;
}

static void claim_and_draw(Lab *lab, const Zipf *z, const Memory *memories) {
    Plot *p =
        plot_new(lab, "word_memory", "words derived measured error most_frequent");
    double worst = 0;
    for (int m = 0; m < MEMORIES; m++) {
        double share = derived(z, memories[m].log2), error,
               found = measured(&memories[m], &error);
        // nothing is missed, and nothing varies, where no line has a third word; a draw
        // then is the resolution
        double unit = fmax(error, 1.0 / DRAWS);
        worst = nan_max(worst, fabs(found - share) / unit);
        int words = 2 << memories[m].log2;
        plot_row(p, words, share, found, error, most_frequent(z, words));
        if (memories[m].log2 == SHOWN_LOG2)
            claim_near(lab, "1.37", "512 words kept: share of draws known again", share,
                       found, 5 * error);
    }
    // twelve of them, each with 49 degrees of freedom: Student's t beyond 6.5 has
    // probability 4e-8
    claim_at_most(lab, "1.37", "largest error over all sizes, in standard errors", 6.5,
                  worst);
    plot_title(p, "How many words are known again");
    plot_axes(p, "words that the memory has room for", "share of draws");
    plot_set(p, "logscale x 2");
    plot_line(p, "words", "derived",
              "derived: two words per line, first in, first out");
    plot_dashes(p, "words", "most_frequent", "if it kept the most frequent words");
    plot_errors(p, "words", "measured", "error", "drawn");
    plot_end(p);
}

static void run(Lab *lab) {
    Zipf z = zipf_new(RANKS, 1);
    Memory memories[MEMORIES] = {{0}};
    for (int m = 0; m < MEMORIES; m++) {
        memories[m].log2 = m + 1 < MEMORIES ? LEAST_LOG2 + m : WORD_LINES_LOG2;
        size_t lines = (size_t)1 << memories[m].log2;
        memories[m].line = allocate(lines, sizeof *memories[m].line);
        for (size_t l = 0; l < lines; l++)
            memories[m].line[l][0] = memories[m].line[l][1] = -1;
    }
    long long known = draw_words(&lab->rng, &z, memories),
              simulated = memories[MEMORIES - 1].warm_up;
    for (int b = 0; b < BATCHES; b++) simulated += memories[MEMORIES - 1].known[b];
    claim_equal(lab, "1.38",
                "draws that the memory of encoding knows, as its lines say", simulated,
                known);
    claim_and_draw(lab, &z, memories);
    for (int m = 0; m < MEMORIES; m++) free(memories[m].line);
    zipf_free(&z);
}

const LabSpec lab_word_memory = {"word-memory", "1.12",
                                 "How many words a memory knows again", run, NULL};
