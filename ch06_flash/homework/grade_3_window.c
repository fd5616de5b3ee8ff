// Problem 3: blocks of a window. The references look at every pair.
#include <string.h>

#include "ch06_flash/homework/grade.h"

typedef enum {
    WINDOW_RIGHT,
    WINDOW_END_SHORT,    // the last block seen in the place of `end`
    WINDOW_ONE_MORE,     // the window is beside the query itself
    WINDOW_START,        // queries at the beginning of the keys
    WINDOW_FROM_LAST,    // keys before the last query's window are left out
    WINDOW_TO_FIRST,     // keys after the first query are left out
    WINDOW_WHOLE_ONLY,   // a block of which only a part is seen is left out at the end
    WINDOW_NO_WINDOW,    // causal alone
    WINDOW_BEFORE,       // queries before the first key see it
    WINDOW_SHORT,        // one key less
    WINDOW_LATE,         // a query sees the key after it
    WINDOW_END_LONG,     // `end` is one more
    WINDOW_TO_END,       // up to the last block of keys
    WINDOW_WHOLE_BLOCK,  // the last block of queries is a full one
    WINDOW_FIRST_NONE,   // nothing is seen if the first query sees nothing
    WINDOW_BY_COLS,      // blocks of queries of block_cols
    WINDOW_BY_ROWS,      // blocks of keys of block_rows
    WINDOW_SWAPPED,      // both
    WINDOW_COUNT,        // how many blocks, for `end`
    WINDOW_ROUND_UP,     // the first block, of which only a part is seen, is left out
    WINDOW_KEYS,         // keys, not blocks
    WINDOW_FIRST_BY_ROWS,  // the first key / block_rows
    WINDOW_END_BY_ROWS,    // the last key / block_rows
    WINDOW_CEIL,           // the last key / block_cols, rounded up
    WINDOW_SHIFT_SIGN,     // query i at i + queries - keys
} WindowRule;

static bool pair_seen(WindowRule rule, const Windowed *w, int query, int key) {
    int shift = rule == WINDOW_START        ? 0
                : rule == WINDOW_SHIFT_SIGN ? w->queries - w->keys
                                            : w->keys - w->queries,
        at = query + shift,
        window = w->window + (rule == WINDOW_ONE_MORE) - (rule == WINDOW_SHORT);
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

// Several shapes: one alone gives so few numbers that a mistake would be taken for
// another.
typedef struct {
    const Windowed *shapes;
    int count;
} Asked;

static int blocks_in(const Windowed *w) { return blocks_of(w->queries, w->block_rows); }

// Blocks of the sizes that a mistake takes.
static Windowed sizes_by(WindowRule rule, const Windowed *w) {
    Windowed other = *w;
    if (rule == WINDOW_BY_COLS || rule == WINDOW_SWAPPED)
        other.block_rows = w->block_cols;
    if (rule == WINDOW_BY_ROWS || rule == WINDOW_SWAPPED)
        other.block_cols = w->block_rows;
    if (rule == WINDOW_KEYS) other.block_cols = 1;
    return other;
}

// The last block of queries taken for a full one: its queries past the end see keys,
// too.
static void full_block(const Windowed *w, int block, BlockRange *r) {
    int last = (block + 1) * w->block_rows - 1 + w->keys - w->queries;
    if (last >= 0) r->end = last / w->block_cols + 1;
}

// By the formula, without a look at the pairs: also of queries that there are not.
static BlockRange formula_range(WindowRule rule, const Windowed *w, int block) {
    int shift = rule == WINDOW_SHIFT_SIGN ? w->queries - w->keys : w->keys - w->queries,
        first = block * w->block_rows + shift,
        last = end_of(block, w->block_rows, w->queries) - 1 + shift,
        from = first - w->window + 1 > 0 ? first - w->window + 1 : 0;
    if (last < 0) return (BlockRange){0, 0};
    return (BlockRange){from / w->block_cols, last / w->block_cols + 1};
}

// What a rule makes of a range that has blocks, where it goes by the keys at its ends.
static void by_keys(WindowRule rule, const Windowed *w, int block, BlockRange *r) {
    int shift = w->keys - w->queries, row = block * w->block_rows,
        end = end_of(block, w->block_rows, w->queries) + shift, last = end - 1,
        first = row + shift - w->window + 1;
    if (rule == WINDOW_LATE && end > 0) r->end = end / w->block_cols + 1;
    if (rule == WINDOW_FIRST_BY_ROWS) r->first = first > 0 ? first / w->block_rows : 0;
    if (rule == WINDOW_END_BY_ROWS) r->end = last / w->block_rows + 1;
    if (rule == WINDOW_CEIL) r->end = blocks_of(last, w->block_cols);
    if (rule == WINDOW_WHOLE_BLOCK) full_block(w, block, r);
    if (rule == WINDOW_WHOLE_ONLY) {
        r->end = (last + 1) / w->block_cols;
        if (r->end <= r->first) *r = (BlockRange){0, 0};
    }
}

static BlockRange range_by(WindowRule rule, const Windowed *asked, int block) {
    Windowed sizes = sizes_by(rule, asked);
    const Windowed *w = &sizes;
    BlockRange r = {0, 0};
    int row = block * w->block_rows;
    if (rule == WINDOW_BY_COLS || rule == WINDOW_SHIFT_SIGN)
        return formula_range(rule, w, block);
    if (rule == WINDOW_FIRST_NONE && row + w->keys - w->queries < 0) return r;
    for (int col = 0; col < blocks_of(w->keys, w->block_cols); col++) {
        if (!seen_in(rule, w, block, col)) continue;
        if (r.end == 0) r.first = col;
        r.end = col + 1;
    }
    if (rule == WINDOW_END_SHORT && r.end > 0) r.end--;
    if (rule == WINDOW_END_LONG && r.end > 0) r.end++;
    if (rule == WINDOW_TO_END && r.end > 0) r.end = blocks_of(w->keys, w->block_cols);
    if (r.end > 0) by_keys(rule, w, block, &r);
    if (rule == WINDOW_COUNT) r.end -= r.first;
    if (rule == WINDOW_ROUND_UP) {
        int first = row + w->keys - w->queries - w->window + 1;
        r.first = first > 0 ? blocks_of(first, w->block_cols) : 0;
    }
    if (rule == WINDOW_BEFORE && r.end == 0) r.end = 1;
    return r;
}

static void ranges_by(int rule, const void *of, double *to) {
    const Asked *a = of;
    for (int s = 0; s < a->count; s++)
        for (int b = 0; b < blocks_in(&a->shapes[s]); b++) {
            BlockRange r = range_by((WindowRule)rule, &a->shapes[s], b);
            *to++ = r.first, *to++ = r.end;
        }
}

static const Slip RANGE_SLIPS[] = {
    {WINDOW_END_SHORT, "end-short",
     "`end` is one beyond the last block of which anything is seen"},
    {WINDOW_ONE_MORE, "window-beside",
     "the window counts the query itself: it begins at p - window + 1"},
    {WINDOW_START, "at-the-start",
     "the queries are the last positions: query i is at i + keys - queries"},
    {WINDOW_SHIFT_SIGN, "shift-sign",
     "the shift has the wrong sign: query i is at i + keys - queries"},
    {WINDOW_FROM_LAST, "from-last",
     "the block's first query sees the earliest keys, not its last"},
    {WINDOW_TO_FIRST, "to-first",
     "the block's last query sees the latest keys, not its first"},
    {WINDOW_WHOLE_ONLY, "part-at-the-end",
     "a block of keys of which only a part is seen has to be made too"},
    {WINDOW_NO_WINDOW, "no-window", "blocks before the window were not left out"},
    {WINDOW_BEFORE, "before-the-keys",
     "queries before the first key see nothing: their range is {0, 0}"},
    {WINDOW_SHORT, "window-short",
     "the window is one key too short: it begins at p - window + 1. Or a block that "
     "begins just there was passed over: round up"},
    {WINDOW_LATE, "sees-the-next",
     "the key after the query is counted as seen: the last one is the query's own"},
    {WINDOW_END_LONG, "end-long",
     "`end` is one too many: it is one beyond the last block of which anything is "
     "seen"},
    {WINDOW_TO_END, "not-causal",
     "blocks after the block's last query are seen by nobody"},
    {WINDOW_WHOLE_BLOCK, "last-block-full",
     "the last block of queries may have fewer than block_rows: it ends with the "
     "queries"},
    {WINDOW_FIRST_NONE, "first-decides",
     "where the block's first query sees nothing its last one may"},
    {WINDOW_BY_COLS, "queries-by-cols",
     "a block of queries has block_rows of them, not block_cols"},
    {WINDOW_BY_ROWS, "keys-by-rows",
     "a block of keys has block_cols of them, not block_rows"},
    {WINDOW_SWAPPED, "sizes-exchanged", "block_rows and block_cols are exchanged"},
    {WINDOW_COUNT, "end-is-count", "`end` is a block, not how many there are"},
    {WINDOW_ROUND_UP, "first-rounded-up",
     "the first block, of which only a part is seen, was left out: round down"},
    {WINDOW_FIRST_BY_ROWS, "keys-by-rows",
     "the first key is divided by block_rows: a block of keys has block_cols of them"},
    {WINDOW_END_BY_ROWS, "keys-by-rows",
     "the last key is divided by block_rows: a block of keys has block_cols of them"},
    {WINDOW_CEIL, "last-key-rounded-up",
     "the last key's block is last / block_cols rounded down, and `end` is one more: "
     "rounding up forgets a block's first key"},
    {WINDOW_KEYS, "keys-not-blocks",
     "these are keys: blocks are asked for, key / block_cols"},
};

// A function that is asked for the ranges of several blocks. get: of all shapes.
typedef struct {
    int (*get)(const void *of, double *got);
    void (*by)(int rule, const void *of, double *to);
    const Slip *slips;
    int slip_count;
} Ranges;

// What is to be seen in any one range.
static void recognise_range(Grade *g, double first, double end, double want_end) {
    grade_mistake(
        g, first < 0, "negative",
        "there is no block before block 0: windows reach beyond the first key");
    grade_mistake(g, end < 0, "before-the-keys",
                  "queries before the first key see nothing: their range is {0, 0}");
    grade_mistake(g, want_end == 0 && first >= end && first != 0, "empty-range",
                  "a range without blocks is {0, 0}: here it ends before it begins");
}

static int ranges_of(BlockRange (*range)(const Windowed *, int block), const Asked *a,
                     double *got) {
    int n = 0;
    for (int s = 0; s < a->count; s++)
        for (int b = 0; b < blocks_in(&a->shapes[s]); b++) {
            BlockRange r = range(&a->shapes[s], b);
            got[n++] = r.first, got[n++] = r.end;
        }
    return n;
}

// The same shapes with one thing made simple.
enum { MOST_SHAPES = 5 };
typedef enum { ONE_KEY, WIDE, EVEN, FILLED, SQUARE, PLAIN_SHAPES } PlainShape;
static const struct {
    const char *code, *says;
} PLAIN[PLAIN_SHAPES] = {
    [SQUARE] = {"only-square-tiles",
                "right where block_rows is block_cols: which of them stands where?"},
    [EVEN] =
        {"only-even",
         "right where there are as many queries as keys: at which position is query "
         "i, and what if it is before key 0?"},
    [FILLED] = {"only-filled",
                "right where all blocks are full: where do the last blocks, of queries "
                "and of keys, end?"},
    [WIDE] =
        {"only-wide",
         "right where the window reaches back to the first key: where does it begin "
         "for the query that decides?"},
    [ONE_KEY] = {"only-one-key",
                 "right where a block of keys has one key: what is rounded down, what "
                 "up?"},
};

static Windowed plain_shape(PlainShape kind, Windowed w) {
    switch (kind) {
        case SQUARE: w.block_cols = w.block_rows; break;
        case EVEN: w.keys = w.queries; break;
        case FILLED:
            if (w.queries > w.block_rows) w.queries -= w.queries % w.block_rows;
            else w.queries = w.block_rows;
            w.keys = blocks_of(w.keys, w.block_cols) * w.block_cols;
            break;
        case WIDE: w.window = w.keys; break;
        case ONE_KEY: w.block_cols = 1; break;
        case PLAIN_SHAPES: break;
    }
    return w;
}

static void grade_plain_shapes(Grade *g, int (*get)(const void *of, double *got),
                               void (*by)(int rule, const void *of, double *to),
                               const Asked *a) {
    for (PlainShape kind = 0; kind < PLAIN_SHAPES; kind++) {
        Windowed shapes[MOST_SHAPES];
        for (int s = 0; s < a->count; s++) shapes[s] = plain_shape(kind, a->shapes[s]);
        if (memcmp(shapes, a->shapes, (size_t)a->count * sizeof *shapes) == 0) continue;
        Asked plain = {shapes, a->count};
        Simpler simpler = {PLAIN[kind].code, PLAIN[kind].says, &plain};
        grade_simpler(g, 0, get, by, &simpler, 1);
    }
}

// Of ranges with blocks: which side is wrong.
static void name_side(Grade *g, const double *got, const double *want, int n) {
    int first_off = 0, end_off = 0, short_ends = 0, long_ends = 0;
    for (int i = 0; i < n; i += 2) {
        short_ends += got[i + 1]<want[i + 1], long_ends += got[i + 1]> want[i + 1];
        if (got[i + 1] <= got[i] || want[i + 1] <= want[i]) continue;
        first_off += got[i] != want[i], end_off += got[i + 1] != want[i + 1];
    }
    grade_contrast(
        g, first_off == 0 && (short_ends == 0 || long_ends == 0), "only-first",
        "where ranges begin is right, %d end too %s: which query decides where "
        "they end, and is its last key in the last block?",
        short_ends + long_ends, short_ends ? "early" : "late");
    grade_contrast(g, first_off == 0, "only-first",
                   "where ranges begin is right, where they end is not: which query "
                   "decides that, and what of a block that is not full?");
    grade_contrast(g, end_off == 0, "only-end",
                   "where ranges end is right, where they begin is not: which query "
                   "decides that, and is the block rounded up or down?");
}

// A step for each of the shapes; `points` of each.
static void check_ranges(Grade *g, int points, const char *what, const Ranges *r,
                         const Asked *a) {
    double got[MOST_NUMBERS] = {0}, want[MOST_NUMBERS];
    int n = r->get(a, got);
    grade_slip(g, what, got, n, 0, r->by, a, r->slips, r->slip_count);
    r->by(0, a, want);
    for (int i = 0; i < n; i += 2) recognise_range(g, got[i], got[i + 1], want[i + 1]);
    int off = 0, shape = 0, block = 0;
    while (off < n && got[off] == want[off]) off++;
    for (block = off / 2;
         shape < a->count - 1 && block >= blocks_in(&a->shapes[shape]);)
        block -= blocks_in(&a->shapes[shape++]);
    const Windowed *w = &a->shapes[shape];
    int at = off < n ? off / 2 * 2 : 0;
    grade_expect(g, points, off == n,
                 "%s for %d queries, %d keys, window %d, tiles of %d x %d: block %d of "
                 "queries has {%g, %g}, should have {%g, %g}",
                 what, w->queries, w->keys, w->window, w->block_rows, w->block_cols,
                 block, got[at], got[at + 1], want[at], want[at + 1]);
    grade_plain_shapes(g, r->get, r->by, a);
    name_side(g, got, want, n);
}

static int seen_of(const void *of, double *got) {
    return ranges_of(window_blocks, of, got);
}
static int whole_of(const void *of, double *got) {
    return ranges_of(window_whole_blocks, of, got);
}

static const Ranges SEEN = {seen_of, ranges_by, RANGE_SLIPS, COUNT_OF(RANGE_SLIPS)};

#define ASKED(shapes) \
    &(Asked) { shapes, COUNT_OF(shapes) }

static void check_square(Grade *g) {
    static const Windowed shapes[] = {
        {20, 20, 8, 4, 5}, {18, 18, 5, 3, 2}, {16, 16, 7, 4, 3}, {14, 14, 6, 2, 4}};
    check_ranges(g, 4, "blocks", &SEEN, ASKED(shapes));
}
static void check_odd(Grade *g) {
    static const Windowed shapes[] = {{10, 23, 6, 4, 5},
                                      {7, 19, 9, 3, 4},
                                      {5, 30, 11, 2, 3},
                                      {9, 20, 4, 4, 6},
                                      {13, 21, 7, 5, 2}};
    check_ranges(g, 2, "blocks", &SEEN, ASKED(shapes));
}
static void check_few_keys(Grade *g) {
    static const Windowed shapes[] = {
        {12, 5, 3, 4, 2}, {14, 6, 4, 3, 4}, {9, 4, 2, 2, 3}, {11, 8, 5, 4, 3}};
    check_ranges(g, 2, "blocks", &SEEN, ASKED(shapes));
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
    WHOLE_BESIDE,      // the window is one key longer
    WHOLE_SHORT,       // one shorter
    WHOLE_END_LONG,    // the block that the first query's key is in
    WHOLE_ROWS_FULL,   // the last block of queries is a full one
    WHOLE_ONE_QUERY,   // from the first query's window, up to the last query
    WHOLE_BY_COLS,     // blocks of queries of block_cols
    WHOLE_BY_ROWS,     // blocks of keys of block_rows
    WHOLE_START,       // queries at the beginning of the keys
    WHOLE_SHIFT_SIGN,  // i + queries - keys
    WHOLE_INNER,       // all that are seen but the first and the last
    WHOLE_LAST,        // the last whole block in the place of `end`
} WholeRule;

static bool whole_by(WholeRule rule, const Windowed *w, int block, int col) {
    int row = block * w->block_rows, end = end_of(block, w->block_rows, w->queries),
        key = col * w->block_cols, last = end_of(col, w->block_cols, w->keys) - 1,
        window = w->window + (rule == WHOLE_BESIDE) - (rule == WHOLE_SHORT);
    if (rule == WHOLE_ROWS_FULL) end = row + w->block_rows;
    if (rule == WHOLE_SEEN) return seen_in(WINDOW_RIGHT, w, block, col) > 0;
    if (rule == WHOLE_FULL_SIZE && last + 1 - key < w->block_cols) return false;
    bool first = rule == WHOLE_FROM_FIRST || rule == WHOLE_ONE_QUERY,
         latest = rule == WHOLE_TO_LAST || rule == WHOLE_ONE_QUERY;
    int from = first ? row : end - 1,  // who sees the fewest early keys
        to = latest ? end - 1 : row, shift = w->keys - w->queries;
    if (rule == WHOLE_START) shift = 0;
    if (rule == WHOLE_SHIFT_SIGN) shift = -shift;
    bool begins = rule == WHOLE_CAUSAL || key > from + shift - window;
    if (rule == WHOLE_ROUND_DOWN) begins = last > from + shift - window;
    if (rule == WHOLE_END_LONG) last = key;
    return begins && last <= to + shift - (rule == WHOLE_NOT_ITSELF);
}

static BlockRange whole_range_by(WholeRule rule, const Windowed *asked, int block) {
    Windowed w = sizes_by(rule == WHOLE_BY_COLS   ? WINDOW_BY_COLS
                          : rule == WHOLE_BY_ROWS ? WINDOW_BY_ROWS
                                                  : WINDOW_RIGHT,
                          asked);
    BlockRange r = {0, 0};
    if (rule == WHOLE_INNER) {
        r = range_by(WINDOW_RIGHT, asked, block);
        return r.end - r.first > 2 ? (BlockRange){r.first + 1, r.end - 1}
                                   : (BlockRange){0, 0};
    }
    for (int col = blocks_of(w.keys, w.block_cols) - 1; col >= 0; col--) {
        if (!whole_by(rule, &w, block, col)) continue;
        if (r.end == 0) r.end = col + (rule != WHOLE_LAST);
        r.first = col;
    }
    return r;
}

static void wholes_by(int rule, const void *of, double *to) {
    const Asked *a = of;
    for (int s = 0; s < a->count; s++)
        for (int b = 0; b < blocks_in(&a->shapes[s]); b++) {
            BlockRange r = whole_range_by((WholeRule)rule, &a->shapes[s], b);
            *to++ = r.first, *to++ = r.end;
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
    {WHOLE_BESIDE, "whole-window-long",
     "the window is one key too long: it begins at p - window + 1"},
    {WHOLE_SHORT, "whole-window-short",
     "the window is one key too short: it begins at p - window + 1. Or a block that "
     "begins just there was passed over: round up"},
    {WHOLE_END_LONG, "whole-end-long",
     "the block that the first query's own key is in has keys after it: it needs a "
     "mask, "
     "unless that key is its last"},
    {WHOLE_ROWS_FULL, "whole-last-block",
     "the last block of queries may have fewer than block_rows: it ends with the "
     "queries"},
    {WHOLE_ONE_QUERY, "whole-union",
     "from the first query's window up to the last query's key is what some query "
     "sees: "
     "the last query decides where whole blocks begin, the first where they end"},
    {WHOLE_BY_COLS, "whole-queries-by-cols",
     "a block of queries has block_rows of them, not block_cols"},
    {WHOLE_BY_ROWS, "whole-keys-by-rows",
     "a block of keys has block_cols of them, not block_rows"},
    {WHOLE_START, "whole-at-the-start",
     "the queries are the last positions: query i is at i + keys - queries"},
    {WHOLE_SHIFT_SIGN, "whole-shift-sign",
     "the shift has the wrong sign: query i is at i + keys - queries"},
    {WHOLE_LAST, "whole-end-short", "`end` is one beyond the last whole block"},
    {WHOLE_INNER, "whole-inner",
     "all blocks that are seen but the first and the last: the first may be whole, and "
     "more than one at the end need a mask. Ask what all queries of the block see"},
};

static const Ranges WHOLE = {whole_of, wholes_by, WHOLE_SLIPS, COUNT_OF(WHOLE_SLIPS)};

static void check_whole(Grade *g) {
    static const Windowed shapes[] = {
        {24, 24, 10, 4, 3}, {30, 30, 13, 5, 3}, {20, 20, 9, 3, 2}, {24, 24, 11, 4, 2}};
    check_ranges(g, 4, "whole blocks", &WHOLE, ASKED(shapes));
}
// The last block of keys is not filled; more queries than keys; nothing is whole.
static void check_whole_edges(Grade *g) {
    static const Windowed last[] = {{1, 11, 9, 4, 4},
                                    {1, 14, 9, 4, 4},
                                    {1, 10, 7, 2, 3},
                                    {4, 11, 9, 3, 4},
                                    {3, 13, 12, 2, 5}},
                          few[] = {{12, 5, 4, 2, 1}, {10, 6, 5, 2, 2}, {9, 7, 6, 3, 2}},
                          none[] = {{16, 16, 4, 4, 3}, {15, 15, 5, 5, 4}};
    check_ranges(g, 1, "whole blocks", &WHOLE, ASKED(last));
    check_ranges(g, 1, "whole blocks", &WHOLE, ASKED(few));
    check_ranges(g, 1, "whole blocks", &WHOLE, ASKED(none));
}

// ---- tiles in all

typedef enum {
    TILES_RIGHT,
    TILES_ALL,
    TILES_CAUSAL,
    TILES_FULL_ONLY,
    TILES_BY_COLS,  // blocks of queries of block_cols
    TILES_KEYS,
    TILES_BY_COLS_UP,  // rounded up
    TILES_OF_KEYS,     // as many blocks as of keys' rows
    TILES_ONE_MORE,    // end - first + 1
    TILES_WHOLE,       // that need no mask alone
    TILES_MASKED,      // that need one
    TILES_SWAPPED,     // block_rows and block_cols
    TILES_LAST,        // of the last block of queries
    TILES_FIRST_MISSING,
    TILES_ONE_LESS,    // end - first - 1
    TILES_BLOCK_MORE,  // queries / block_rows + 1 blocks
    TILES_LAST_EACH,   // each block has as many as the last one
    TILES_FIRST_EACH,  // as the first one
    TILES_PRODUCT,     // blocks of queries times blocks of a window
} TilesRule;

// How many blocks of queries are gone through.
static int rows_by(TilesRule rule, const Windowed *w) {
    switch (rule) {
        case TILES_BY_COLS: return w->queries / w->block_cols;
        case TILES_BY_COLS_UP: return blocks_of(w->queries, w->block_cols);
        case TILES_FULL_ONLY: return w->queries / w->block_rows;
        case TILES_BLOCK_MORE: return w->queries / w->block_rows + 1;
        case TILES_OF_KEYS: return blocks_of(w->keys, w->block_rows);
        default: return blocks_of(w->queries, w->block_rows);
    }
}

// Whether a tile is counted.
static bool tile_counts(TilesRule rule, const Windowed *w, int block, int col) {
    bool seen = seen_in(WINDOW_RIGHT, w, block, col) > 0,
         whole = whole_by(WHOLE_RIGHT, w, block, col);
    if (rule == TILES_ALL) return true;
    if (rule == TILES_CAUSAL) return seen_in(WINDOW_NO_WINDOW, w, block, col) > 0;
    if (rule == TILES_WHOLE) return whole;
    return seen && !(rule == TILES_MASKED && whole);
}

// By the formula: also of a block that there is not.
static int formula_tiles(const Windowed *w, int block) {
    BlockRange r = formula_range(WINDOW_RIGHT, w, block);
    return r.end - r.first;
}

static double tiles_of(TilesRule rule, const Windowed *asked) {
    Windowed sizes =
        sizes_by(rule == TILES_SWAPPED ? WINDOW_SWAPPED : WINDOW_RIGHT, asked);
    const Windowed *w = &sizes;
    int cols = blocks_of(w->keys, w->block_cols), rows = rows_by(rule, w),
        from = rule == TILES_LAST || rule == TILES_LAST_EACH
                   ? rows - 1
                   : rule == TILES_FIRST_MISSING,
        until = rule == TILES_FIRST_EACH ? 1 : rows;
    double tiles = 0;
    for (int b = from; b < until; b++) {
        if (b >= blocks_in(w)) tiles += formula_tiles(w, b);
        for (int col = 0; col < cols && b < blocks_in(w); col++)
            tiles += tile_counts(rule, w, b, col);
    }
    if (rule == TILES_ONE_MORE) tiles += rows;
    if (rule == TILES_ONE_LESS) tiles -= rows;
    if (rule == TILES_LAST_EACH || rule == TILES_FIRST_EACH) tiles *= rows;
    if (rule == TILES_PRODUCT) tiles = rows * blocks_of(w->window, w->block_cols);
    if (rule == TILES_KEYS) tiles *= w->block_rows * w->block_cols;
    return tiles;
}

static void tiles_by(int rule, const void *of, double *to) {
    const Asked *a = of;
    for (int s = 0; s < a->count; s++) to[s] = tiles_of((TilesRule)rule, &a->shapes[s]);
}

static const Slip TILES_SLIPS[] = {
    {TILES_ALL, "all-tiles", "tiles of which nothing is seen were counted"},
    {TILES_CAUSAL, "causal-tiles", "tiles before the window were counted"},
    {TILES_FULL_ONLY, "full-only", "the last block of queries has fewer, and counts"},
    {TILES_BY_COLS, "rows-and-cols",
     "a block of queries has block_rows of them, one of keys block_cols"},
    {TILES_KEYS, "pairs", "these are pairs: tiles are asked for"},
    {TILES_BY_COLS_UP, "rows-and-cols",
     "a block of queries has block_rows of them, one of keys block_cols"},
    {TILES_OF_KEYS, "blocks-of-keys",
     "as many blocks as the keys would have: blocks of queries are gone through"},
    {TILES_ONE_MORE, "one-more-each",
     "one tile too many for each block: first .. end - 1 are end - first"},
    {TILES_WHOLE, "whole-only",
     "only tiles without a mask were counted: those with one too"},
    {TILES_MASKED, "masked-only",
     "only tiles with a mask were counted: the others too"},
    {TILES_SWAPPED, "sizes-exchanged", "block_rows and block_cols are exchanged"},
    {TILES_LAST, "last-block-only",
     "these are the last block's tiles: sum over all blocks of queries"},
    {TILES_FIRST_MISSING, "first-block-missing",
     "the first block of queries is missing"},
    {TILES_ONE_LESS, "one-less-each",
     "one tile too few for each block: first .. end - 1 are end - first"},
    {TILES_BLOCK_MORE, "block-too-many",
     "queries / block_rows + 1 blocks: where the last one is full that is one too "
     "many"},
    {TILES_LAST_EACH, "last-block-for-all",
     "as many for each block as for the last: the first blocks see fewer keys"},
    {TILES_FIRST_EACH, "first-block-for-all",
     "as many for each block as for the first: later blocks see more keys"},
    {TILES_PRODUCT, "window-for-all",
     "as many for each block as a window has: early queries see fewer keys, and a "
     "block of queries reaches over more than one window"},
};

static int tiles_counted(const void *of, double *got) {
    const Asked *a = of;
    for (int s = 0; s < a->count; s++) got[s] = (double)window_tiles(&a->shapes[s]);
    return a->count;
}

static void check_tiles(Grade *g) {
    static const Windowed shapes[] = {{50, 61, 16, 8, 6},
                                      {33, 70, 20, 4, 7},
                                      {47, 47, 12, 5, 3},
                                      {26, 90, 31, 6, 10},
                                      {24, 40, 10, 6, 4}};
    double got[COUNT_OF(shapes)];
    tiles_counted(ASKED(shapes), got);
    grade_numbers(
        g, 4,
        "tiles for 50 queries, 61 keys, window 16, tiles of 8 x 6, and of four "
        "other shapes",
        got, COUNT_OF(shapes), 0, tiles_by, ASKED(shapes), TILES_SLIPS,
        COUNT_OF(TILES_SLIPS));
    grade_plain_shapes(g, tiles_counted, tiles_by, ASKED(shapes));
    static const Windowed few[] = {{12, 14, 4, 3, 2}, {9, 14, 5, 2, 3}};
    Simpler blocks = {"only-blocks",
                      "window_blocks is right: are the blocks of all blocks of queries "
                      "added up, end - first of each?",
                      ASKED(few)};
    grade_simpler(g, 0, seen_of, ranges_by, &blocks, 1);
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
