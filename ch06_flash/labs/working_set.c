// F4: the paper's blocks are a quarter more than the memory they are made for, and what
// a cache makes of that. Lecture, section 6.4.
//
// What is counted does not depend on the numbers, only on the sizes: no claim here has
// anything random in it.
#include <math.h>

#include "ch06_flash/labs/heads.h"
#include "common/program/plot.h"

static const Option options[] = {{"tokens", "256", "N"}, {"dim", "16", "d"}, {0}};

static Memory run_in(const FlashHead *h, int block, MemoryKind kind, long long memory) {
    return lab_run_in(ALGORITHM_FA1, h, (Blocks){block, block}, kind, memory);
}

static double words(Memory m) {
    double sum = (double)(m.reads + m.writes);
    memory_free(&m);
    return sum;
}

static double formula(const FlashHead *h, int block) {
    return (double)algorithms[ALGORITHM_FA1].moved(h->q.rows, h->q.cols,
                                                   (Blocks){block, block});
}

// M = 16384, d = 64.
static void claim_strict(Lab *lab, Rng *rng) {
    enum { M = 16384, D = 64 };
    FlashHead h = lab_head(rng, 2 * D, D, 1);
    int largest = 0;
    double peak = 0;
    for (int b = D; b > 0 && !largest; b--) {
        Memory m = run_in(&h, b, MEMORY_STRICT, M);
        if (b == D) peak = (double)m.peak / M;
        if (!memory_overflowed(&m)) largest = b;
        memory_free(&m);
    }
    // 4 d^2 + d^2 of M = 4 d^2, and four statistics for each of the d rows
    claim_near(lab, "6.9", "the paper's blocks: tiles / M", 1.25 + 4.0 * D / M, peak,
               0);
    claim_equal(lab, "6.9", "the largest block that fits: 4 B d + B^2 + 4 B <= M", 52,
                largest);
    lab_head_free(&h);
}

static void run(Lab *lab) {
    int n = (int)option_int(&lab->args, "tokens", 32, 1024),
        d = (int)option_int(&lab->args, "dim", 8, 64);
    Rng rng = lab->rng;
    FlashHead h = lab_head(&rng, n, d, 1);
    long long memory = 4LL * d * d;
    claim_strict(lab, &rng);
    Plot *p = plot_new(lab, "working_set", "block strict lru derived");
    for (int b = 4; b <= 2 * d; b += d / 8) {
        Memory strict = run_in(&h, b, MEMORY_STRICT, memory);
        double moved =
            memory_overflowed(&strict) ? NAN : (double)(strict.reads + strict.writes);
        memory_free(&strict);
        plot_row(p, b, moved, words(run_in(&h, b, MEMORY_LRU, memory)), formula(&h, b));
    }
    claim_at_least(lab, "6.9", "the paper's blocks in a cache: words / formula", 2,
                   words(run_in(&h, d, MEMORY_LRU, memory)) / formula(&h, d));
    claim_at_most(lab, "6.9", "blocks half as large in the same cache", 1.03,
                  words(run_in(&h, d / 2, MEMORY_LRU, memory)) / formula(&h, d / 2));
    plot_axes(p, "B: rows and columns of a block", "words moved");
    plot_set(p, "logscale y 2"), plot_set(p, "format y \"2^{%%L}\"");
    plot_set(p, "arrow from %d,graph 0 to %d,graph 1 nohead dashtype 3", d, d);
    plot_set(p, "label \" the paper's, M / 4d\" at %d,graph 0.95", d);
    plot_line(p, "block", "derived", "the formula");
    plot_points(p, "block", "strict", "counted, while the tiles fit in M");
    plot_points(p, "block", "lru", "a cache of M words");
    plot_end(p);
    lab_head_free(&h);
}

const LabSpec lab_working_set = {"working-set", "6.4",
                                 "Blocks that do not fit, and what a cache does", run,
                                 options};
