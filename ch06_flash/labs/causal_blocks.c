// F9: what a causal mask saves when whole tiles are left out. Lecture, section 6.7.
//
// Of n x n tiles those on and below the diagonal are made: n (n + 1) / 2 of n^2. The
// fast version has tiles that are not square: queries by TILE_COLS, keys by TILE_ROWS.
#include "ch06_flash/query_tile.h"
#include "common/numeric/small.h"
#include "common/program/plot.h"

static const Option options[] = {{"tokens", "1024", "N"}, {0}};

// Pairs of a query and a key in tiles that have to be made, square ones of that size.
static long long pairs_in_squares(const FlashHead *h, int block) {
    int n = h->q.rows;
    long long pairs = 0;
    for (int i = 0; i < n; i += block) {
        int last = int_min(i + block, n) - 1;
        KeyRange seen = {mask_range(&h->mask, n, n, i).first,
                         mask_range(&h->mask, n, n, last).end};
        for (int j = 0; j < n; j += block)
            if (j < seen.end && seen.first < j + block)
                pairs += (long long)(last + 1 - i) * (int_min(j + block, n) - j);
    }
    return pairs;
}

// And those that the fast version makes.
static long long pairs_made(const FlashHead *h) {
    FlashKeys keys = {.keys = h->k.rows,
                      .padded = ceil_div(h->k.rows, TILE_ROWS) * TILE_ROWS};
    long long pairs = 0;
    for (int row = 0; row < h->q.rows; row += TILE_COLS) {
        QueryTile t = query_tile_new(h, row);
        for (KeyTile k = key_tile_from(&t, &keys, 0); k.count;
             k = key_tile_from(&t, &keys, k.key + k.count))
            pairs += (long long)k.count * TILE_COLS;
    }
    return pairs;
}

static long long pairs_derived(int n) {
    long long pairs = 0;
    for (int end = TILE_COLS; end < n + TILE_COLS; end += TILE_COLS)
        pairs +=
            (long long)TILE_COLS * ceil_div(int_min(end, n), TILE_ROWS) * TILE_ROWS;
    return pairs;
}

static void run(Lab *lab) {
    int n = (int)option_int(&lab->args, "tokens", 64, 16384);
    FlashHead h = {.q = mat_new(n, 1), .k = mat_new(n, 1), .mask = {.causal = true}};
    double squares = (double)n * n;
    Plot *p = plot_new(lab, "causal_blocks", "blocks measured derived fast");
    int wrong = 0;
    for (int blocks = 1; blocks <= 64; blocks *= 2) {
        if (n % blocks) continue;
        double share = (double)pairs_in_squares(&h, n / blocks) / squares,
               derived = (blocks + 1) / (2.0 * blocks);
        wrong += share != derived;
        plot_row(p, blocks, share, derived, (double)pairs_made(&h) / squares);
    }
    claim_equal(lab, "6.19", "square tiles made, other than n (n + 1) / 2 of n^2", 0,
                wrong);
    claim_equal(lab, "6.19", "pairs in the fast version's tiles", pairs_derived(n),
                pairs_made(&h));
    h.mask.window = int_min(n, 128);
    // a tile of queries sees its own TILE_COLS positions and window - 1 before them
    claim_at_most(lab, "6.20", "window of 128: keys made per query, at most",
                  127 + TILE_COLS + 2 * TILE_ROWS, (double)pairs_made(&h) / n);
    plot_axes(p, "n: blocks of a row", "share of the table that is made");
    plot_set(p, "logscale x 2"), plot_set(p, "yrange [0:1.05]");
    plot_line(p, "blocks", "derived", "(n + 1) / 2n");
    plot_dashes(p, "blocks", "fast", "the fast version's tiles");
    plot_points(p, "blocks", "measured", "counted");
    plot_end(p);
    mat_free(h.q), mat_free(h.k);
}

const LabSpec lab_causal_blocks = {"causal-blocks", "6.7",
                                   "What a causal mask saves in tiles", run, options};
