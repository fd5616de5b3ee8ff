// Problem 3: blocks of a window. The references look at every pair.
#include "ch06_flash/homework/grade.h"

typedef enum {
    WINDOW_RIGHT,
    WINDOW_END_SHORT,   // the last block seen in the place of `end`
    WINDOW_ONE_MORE,    // the window is beside the query itself
    WINDOW_START,       // queries at the beginning of the keys
    WINDOW_FROM_LAST,   // keys before the last query's window are left out
    WINDOW_TO_FIRST,    // keys after the first query are left out
    WINDOW_WHOLE_ONLY,  // a block of which only a part is seen is left out at the end
    WINDOW_NO_WINDOW,   // causal alone
    WINDOW_BEFORE,      // queries before the first key see it
} WindowRule;

static bool pair_seen(WindowRule rule, const Windowed *w, int query, int key) {
    int at = query + (rule == WINDOW_START ? 0 : w->keys - w->queries),
        window = w->window + (rule == WINDOW_ONE_MORE);
    return key <= at && (rule == WINDOW_NO_WINDOW || key > at - window);
}

static int end_of(int block, int size, int all) {
    return (block + 1) * size < all ? (block + 1) * size : all;
}

// How many of the pairs of a tile are seen.
static int seen_in(WindowRule rule, const Windowed *w, int block, int col) {
    int row = block * w->block_rows, end = end_of(block, w->block_rows, w->queries),
        seen = 0;
    if (rule == WINDOW_FROM_LAST) row = end - 1;
    if (rule == WINDOW_TO_FIRST) end = row + 1;
    for (int i = row; i < end; i++)
        for (int j = col * w->block_cols; j < end_of(col, w->block_cols, w->keys); j++)
            seen += pair_seen(rule, w, i, j);
    return seen;
}

static int blocks_of(int all, int size) { return (all + size - 1) / size; }

typedef struct {
    const Windowed *w;
    int blocks;  // of queries, from 0
} Asked;

static BlockRange range_by(WindowRule rule, const Windowed *w, int block) {
    BlockRange r = {0, 0};
    for (int col = 0; col < blocks_of(w->keys, w->block_cols); col++) {
        if (!seen_in(rule, w, block, col)) continue;
        if (r.end == 0) r.first = col;
        r.end = col + 1;
    }
    if (rule == WINDOW_END_SHORT && r.end > 0) r.end--;
    if (rule == WINDOW_BEFORE && r.end == 0) r.end = 1;
    if (rule == WINDOW_WHOLE_ONLY && r.end > r.first) {
        int last = end_of(block, w->block_rows, w->queries) - 1 + w->keys - w->queries;
        r.end = (last + 1) / w->block_cols;
        if (r.end <= r.first) r = (BlockRange){0, 0};
    }
    return r;
}

static void ranges_by(int rule, const void *of, double *to) {
    const Asked *a = of;
    for (int b = 0; b < a->blocks; b++) {
        BlockRange r = range_by((WindowRule)rule, a->w, b);
        to[2 * b] = r.first, to[2 * b + 1] = r.end;
    }
}

static const Slip RANGE_SLIPS[] = {
    {WINDOW_END_SHORT, "end-short",
     "`end` is one beyond the last block of which anything is seen"},
    {WINDOW_ONE_MORE, "window-beside",
     "the window counts the query itself: it begins at p - window + 1"},
    {WINDOW_START, "at-the-start",
     "the queries are the last positions: query i is at i + keys - queries"},
    {WINDOW_FROM_LAST, "from-last",
     "the block's first query sees the earliest keys, not its last"},
    {WINDOW_TO_FIRST, "to-first",
     "the block's last query sees the latest keys, not its first"},
    {WINDOW_WHOLE_ONLY, "part-at-the-end",
     "a block of keys of which only a part is seen has to be made too"},
    {WINDOW_NO_WINDOW, "no-window", "blocks before the window were not left out"},
    {WINDOW_BEFORE, "before-the-keys",
     "queries before the first key see nothing: their range is {0, 0}"},
};

// A function that is asked for the ranges of several blocks.
typedef struct {
    BlockRange (*range)(const Windowed *, int block);
    void (*by)(int rule, const void *of, double *to);
    const Slip *slips;
    int slip_count;
} Ranges;

static void check_ranges(Grade *g, int points, const char *what, const Ranges *r,
                         Windowed w, int blocks) {
    double got[MOST_NUMBERS];
    for (int b = 0; b < blocks; b++) {
        BlockRange range = r->range(&w, b);
        got[2 * b] = range.first, got[2 * b + 1] = range.end;
    }
    for (int b = 0; b < blocks; b++) {
        bool none = got[2 * b] >= got[2 * b + 1];
        grade_mistake(
            g, got[2 * b] < 0, "negative",
            "there is no block before block 0: windows reach beyond the first "
            "key");
        grade_mistake(
            g, none && got[2 * b] != 0, "empty-range",
            "a range without blocks is {0, 0}: here it ends before it begins");
    }
    grade_numbers(g, points, what, got, 2 * blocks, 0, r->by, &(Asked){&w, blocks},
                  r->slips, r->slip_count);
}

static const Ranges SEEN = {window_blocks, ranges_by, RANGE_SLIPS,
                            COUNT_OF(RANGE_SLIPS)};

static void check_square(Grade *g) {
    check_ranges(g, 4, "blocks for 20 queries and keys, window 8, tiles of 4 x 5",
                 &SEEN, (Windowed){20, 20, 8, 4, 5}, 5);
}
static void check_odd(Grade *g) {
    check_ranges(g, 2, "blocks for 10 queries, 23 keys, window 6, tiles of 4 x 5",
                 &SEEN, (Windowed){10, 23, 6, 4, 5}, 3);
}
static void check_few_keys(Grade *g) {
    check_ranges(g, 2, "blocks for 12 queries, 5 keys, window 3, tiles of 4 x 2", &SEEN,
                 (Windowed){12, 5, 3, 4, 2}, 3);
}

// ---- no mask needed

typedef enum {
    WHOLE_RIGHT,
    WHOLE_SEEN,        // all that is seen at all
    WHOLE_CAUSAL,      // the window is forgotten
    WHOLE_TO_LAST,     // keys up to the last query
    WHOLE_FROM_FIRST,  // from the first query's window
    WHOLE_ROUND_DOWN,  // a block whose first keys are hidden
    WHOLE_NOT_ITSELF,  // the first query's own key is left out
    WHOLE_FULL_SIZE,   // the last block of keys must be a full one
} WholeRule;

static bool whole_by(WholeRule rule, const Windowed *w, int block, int col) {
    int row = block * w->block_rows, end = end_of(block, w->block_rows, w->queries),
        key = col * w->block_cols, last = end_of(col, w->block_cols, w->keys) - 1;
    if (rule == WHOLE_SEEN) return seen_in(WINDOW_RIGHT, w, block, col) > 0;
    if (rule == WHOLE_FULL_SIZE && last + 1 - key < w->block_cols) return false;
    int from =
            rule == WHOLE_FROM_FIRST ? row : end - 1,  // who sees the fewest early keys
        to = rule == WHOLE_TO_LAST ? end - 1 : row, shift = w->keys - w->queries;
    bool begins = rule == WHOLE_CAUSAL || key > from + shift - w->window;
    if (rule == WHOLE_ROUND_DOWN) begins = last > from + shift - w->window;
    return begins && last <= to + shift - (rule == WHOLE_NOT_ITSELF);
}

static void wholes_by(int rule, const void *of, double *to) {
    const Asked *a = of;
    for (int b = 0; b < a->blocks; b++) {
        to[2 * b] = to[2 * b + 1] = 0;
        for (int col = blocks_of(a->w->keys, a->w->block_cols) - 1; col >= 0; col--)
            if (whole_by((WholeRule)rule, a->w, b, col)) {
                if (to[2 * b + 1] == 0) to[2 * b + 1] = col + 1;
                to[2 * b] = col;
            }
    }
}

static const Slip WHOLE_SLIPS[] = {
    {WHOLE_SEEN, "seen-at-all", "these are the blocks of which anything is seen"},
    {WHOLE_CAUSAL, "whole-causal", "a window hides the early keys too"},
    {WHOLE_TO_LAST, "whole-to-last",
     "the block's first query sees no keys after itself: it decides where they end"},
    {WHOLE_FROM_FIRST, "whole-from-first",
     "the block's last query has lost the most early keys: it decides where they "
     "begin"},
    {WHOLE_ROUND_DOWN, "whole-rounded",
     "where the window begins within a block, that block needs a mask: round up"},
    {WHOLE_FULL_SIZE, "full-size",
     "the last block of keys may have fewer: it is whole if all that it has is seen"},
    {WHOLE_NOT_ITSELF, "whole-not-itself",
     "the block's first query sees its own key too: blocks may end with it"},
};

static const Ranges WHOLE = {window_whole_blocks, wholes_by, WHOLE_SLIPS,
                             COUNT_OF(WHOLE_SLIPS)};

static void check_whole(Grade *g) {
    check_ranges(g, 4,
                 "whole blocks for 24 queries and keys, window 10, tiles of 4 x 3",
                 &WHOLE, (Windowed){24, 24, 10, 4, 3}, 6);
}
static void check_whole_edges(Grade *g) {
    check_ranges(g, 1, "whole blocks for 1 query, 11 keys, window 9, tiles of 4 x 4",
                 &WHOLE, (Windowed){1, 11, 9, 4, 4}, 1);
    check_ranges(g, 1, "whole blocks for 12 queries, 5 keys, window 4, tiles of 2 x 1",
                 &WHOLE, (Windowed){12, 5, 4, 2, 1}, 6);
    check_ranges(g, 1, "whole blocks for 16 queries and keys, window 4, tiles of 4 x 3",
                 &WHOLE, (Windowed){16, 16, 4, 4, 3}, 4);
}

// ---- tiles in all

typedef enum {
    TILES_RIGHT,
    TILES_ALL,
    TILES_CAUSAL,
    TILES_FULL_ONLY,
    TILES_BY_COLS,  // blocks of queries of block_cols
    TILES_KEYS
} TilesRule;

static void tiles_by(int rule, const void *of, double *to) {
    const Windowed *w = of;
    *to = 0;
    int cols = blocks_of(w->keys, w->block_cols),
        rows = rule == TILES_BY_COLS     ? w->queries / w->block_cols
               : rule == TILES_FULL_ONLY ? w->queries / w->block_rows
                                         : blocks_of(w->queries, w->block_rows);
    for (int b = 0; b < rows; b++)
        for (int col = 0; col < cols; col++)
            *to += rule == TILES_ALL
                   || seen_in(rule == TILES_CAUSAL ? WINDOW_NO_WINDOW : WINDOW_RIGHT, w,
                              b, col)
                          > 0;
    if (rule == TILES_KEYS) *to *= w->block_rows * w->block_cols;
}

static void check_tiles(Grade *g) {
    static const Slip slips[] = {
        {TILES_ALL, "all-tiles", "tiles of which nothing is seen were counted"},
        {TILES_CAUSAL, "causal-tiles", "tiles before the window were counted"},
        {TILES_FULL_ONLY, "full-only",
         "the last block of queries has fewer, and counts"},
        {TILES_BY_COLS, "rows-and-cols",
         "a block of queries has block_rows of them, one of keys block_cols"},
        {TILES_KEYS, "pairs", "these are pairs: tiles are asked for"},
    };
    Windowed w = {50, 61, 16, 8, 6};
    double got = (double)window_tiles(&w);
    grade_numbers(g, 4, "tiles for 50 queries, 61 keys, window 16, tiles of 8 x 6",
                  &got, 1, 0, tiles_by, &w, slips, COUNT_OF(slips));
}
static void check_many_tiles(Grade *g) {
    // 2^17 blocks of one query, window of all: n (n + 1) / 2 tiles of one key
    enum { N = 1 << 17 };
    long long got = window_tiles(&(Windowed){N, N, N, 1, 1}),
              want = (long long)N * (N + 1) / 2;
    grade_mistake(g, got == (long long)(int)(unsigned)want, "int-overflow",
                  "the sum does not fit into an int");
    grade_expect(g, 1, got == want,
                 "tiles for 131072 queries and keys, tiles of 1 x 1: %lld, should be "
                 "%lld",
                 got, want);
}

void check_window(Grade *g) {
    grade_part(g, check_square(g));
    grade_part(g, check_odd(g));
    grade_part(g, check_few_keys(g));
    grade_part(g, check_whole(g));
    grade_part(g, check_whole_edges(g));
    grade_part(g, check_tiles(g));
    grade_part(g, check_many_tiles(g));
}
