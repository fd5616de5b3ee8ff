// The memory itself, and the formulas that count what versions of attention move in it.
#include <criterion/criterion.h>
#include <math.h>

#include "ch06_flash/tests/reference.h"
#include "ch06_flash/traffic.h"

Test(two_level, strict_counts_what_is_moved) {
    Memory m = memory_new(MEMORY_STRICT, 20);
    Mat a = mat_new(6, 4);
    mat_fill(a, 1);
    Slow slow = memory_place(&m, a);
    Tile t = tile_read(&m, slow_rows(slow, 2, 3));
    cr_assert(m.reads == 12 && m.writes == 0 && m.used == 12 && !memory_overflowed(&m));
    *mat_at(t.mat, 0, 0) = 5;
    cr_assert_eq(*mat_at(a, 2, 0), 1, "slow memory changes when a tile is written");
    tile_write(&m, slow_rows(slow, 2, 3), t);
    cr_assert(*mat_at(a, 2, 0) == 5 && m.writes == 12);
    Tile u = tile_new(&m, 1, 8);
    cr_assert(!memory_overflowed(&m) && m.peak == 20);
    Tile w = tile_new(&m, 1, 1);
    cr_assert(memory_overflowed(&m) && m.peak == 21);
    tile_free(&m, w), tile_free(&m, u), tile_free(&m, t);
    cr_assert(m.used == 0);
    memory_free(&m), mat_free(a);
}

// Two lines of cache: a b a c b. b goes, not a, which was used after it.
Test(two_level, lru_drops_what_was_used_longest_ago) {
    Memory m = memory_new(MEMORY_LRU, 2 * LRU_LINE);
    Mat rows = mat_new(3, LRU_LINE);
    Slow slow = memory_place(&m, rows);
    const int order[] = {0, 1, 0, 2, 1}, reads[] = {1, 2, 2, 3, 4};
    for (int i = 0; i < 5; i++) {
        Tile t = tile_read(&m, slow_rows(slow, order[i], 1));
        tile_touch(&m, t);
        tile_free(&m, t);
        cr_assert_eq(m.reads, reads[i] * LRU_LINE, "step %d: %lld", i, m.reads);
    }
    // all were written: b (step 3) and a (step 4) on the way, c and b at the end
    cr_assert_eq(m.writes, 2 * LRU_LINE);
    memory_flush(&m);
    cr_assert_eq(m.writes, 4 * LRU_LINE);
    memory_free(&m), mat_free(rows);
}

static FlashHead head_new(int n, int d) {
    Rng rng = rng_new(3);
    return (FlashHead){.q = random_mat(&rng, n, d, 1),
                       .k = random_mat(&rng, n, d, 1),
                       .v = random_mat(&rng, n, d, 1),
                       .scale = (real)(1 / sqrt(d))};
}
static void head_free(FlashHead *h) { mat_free(h->q), mat_free(h->k), mat_free(h->v); }

static Memory run(Algorithm a, const FlashHead *h, Blocks b, MemoryKind kind,
                  long long capacity) {
    Memory m = memory_new(kind, capacity);
    Mat out = mat_new(h->q.rows, h->v.cols), lse = mat_new(h->q.rows, 1);
    algorithms[a].run(out, lse, h, b, &m);
    mat_free(out), mat_free(lse);
    return m;
}

// Word by word, for blocks that divide N and blocks that do not.
Test(two_level, counts_are_the_formulas) {
    const int sizes[][2] = {{1, 1}, {16, 4}, {37, 5}, {64, 8}, {100, 16}};
    const Blocks blocks[] = {{1, 1}, {4, 8}, {7, 3}, {16, 16}, {100, 5}, {128, 128}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t b = 0; b < sizeof blocks / sizeof *blocks; b++)
            for (int a = 0; a < ALGORITHMS; a++) {
                int n = sizes[s][0], d = sizes[s][1];
                FlashHead h = head_new(n, d);
                Memory m = run((Algorithm)a, &h, blocks[b], MEMORY_STRICT, 0);
                cr_assert_eq(m.reads + m.writes, algorithms[a].moved(n, d, blocks[b]),
                             "%s, N %d, d %d, blocks %d x %d: %lld words",
                             algorithms[a].name, n, d, blocks[b].rows, blocks[b].cols,
                             m.reads + m.writes);
                cr_assert_eq(m.divisions, algorithms[a].divisions(n, d, blocks[b]));
                cr_assert_eq(m.multiply_adds, 2LL * n * n * d);
                memory_free(&m), head_free(&h);
            }
}

Test(two_level, the_papers_count_of_standard_attention) {
    FlashHead h = head_new(48, 8);
    Blocks b = blocks_paper(ALGORITHM_STANDARD, 64, 48, 8);
    Memory m = run(ALGORITHM_STANDARD, &h, b, MEMORY_STRICT, 0);
    cr_assert_eq(m.reads + m.writes, 4 * 48 * 48 + 4 * 48 * 8);
    memory_free(&m), head_free(&h);
}

// M = 16384, d = 64: B = 64 overflows by a quarter, 52 fits and 53 does not.
Test(two_level, blocks) {
    Blocks paper = blocks_paper(ALGORITHM_FA1, 16384, 1024, 64),
           fits = blocks_fitting(ALGORITHM_FA1, 16384, 1024, 64);
    cr_assert(paper.rows == 64 && paper.cols == 64);
    cr_assert_eq(tiles_paper(paper, 64), 20480);
    cr_assert(fits.rows == 52 && fits.cols == 52);
    cr_assert_eq(blocks_fitting(ALGORITHM_FA2, 10, 100, 64).rows, 0);
}

Test(two_level, blocks_that_fit_do_and_the_next_do_not) {
    for (int a = 0; a < ALGORITHMS; a++)
        for (int d = 4; d <= 12; d += 8)
            for (long long memory = 400; memory <= 1400; memory += 125) {
                FlashHead h = head_new(60, d);
                Blocks b = blocks_fitting((Algorithm)a, memory, 60, d);
                Memory m = run((Algorithm)a, &h, b, MEMORY_STRICT, memory);
                cr_assert(!memory_overflowed(&m), "%s: %lld of %lld",
                          algorithms[a].name, m.peak, memory);
                memory_free(&m);
                if (a == ALGORITHM_FA1 && b.rows < 60) {
                    b.rows++, b.cols++;
                    m = run((Algorithm)a, &h, b, MEMORY_STRICT, memory);
                    cr_assert(memory_overflowed(&m)
                              && m.peak == tiles_paper(b, d) + 4 * b.rows);
                    memory_free(&m);
                }
                head_free(&h);
            }
}

// A cache that holds everything reads everything once, and writes what is made.
Test(two_level, a_large_cache_moves_each_line_once) {
    enum { N = 32, D = 16 };
    FlashHead h = head_new(N, D);
    Memory m = run(ALGORITHM_FA2, &h, (Blocks){8, 8}, MEMORY_LRU, 1 << 20);
    // Q, K, V, O, L and scratch: o, max, sum, s of one block at a time
    long long lines = 4 * N + N / LRU_LINE + 8 + 1 + 1 + 8 * 8 / LRU_LINE;
    cr_assert_eq(m.reads, lines * LRU_LINE, "%lld", m.reads / LRU_LINE);
    memory_free(&m), head_free(&h);
}
