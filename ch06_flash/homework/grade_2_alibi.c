// Problem 2: ALiBi in a tile.
#include <math.h>
#include <stdlib.h>

#include "ch06_flash/homework/grade.h"

static const double TOLERANCE = 1e-12;

// ---- the bias

typedef enum {
    TILE_RIGHT,
    TILE_WITHIN,  // positions counted from the tile's corner
    TILE_START,   // queries at the beginning of the keys
    TILE_SIGNED,  // the distance without its absolute value
    TILE_ADDED,   // the bias added
    TILE_COLUMN,  // + slope j: the same weights, other scores
    TILE_NO_ROW,  // rows counted from the tile's first
    TILE_NO_COL,  // columns so
    TILE_ONLY,    // the bias in the place of the scores
} TileRule;

static double score(int i, int j) { return 0.25 * i - 0.5 * j + 1; }
static const double SLOPE = 0.125;

static void tile_by(int rule, const void *of, double *to) {
    const ScoreTile *t = of;
    for (int i = 0; i < t->rows; i++)
        for (int j = 0; j < t->cols; j++) {
            int row = rule == TILE_NO_ROW ? i : t->row + i,
                at = rule == TILE_WITHIN
                         ? i
                         : row + (rule == TILE_START ? 0 : t->keys - t->queries),
                key = rule == TILE_WITHIN || rule == TILE_NO_COL ? j : t->col + j;
            double distance = rule == TILE_SIGNED ? at - key : abs(at - key);
            double bias = rule == TILE_COLUMN ? SLOPE * key : -SLOPE * distance;
            if (rule == TILE_ADDED) bias = -bias;
            to[i * t->cols + j] = (rule == TILE_ONLY ? 0 : score(i, j)) + bias;
        }
}

static const Slip TILE_SLIPS[] = {
    {TILE_WITHIN, "within",
     "row and column count from the tile's corner: it is at "
     "(row, col) of the table"},
    {TILE_NO_ROW, "no-row", "the tile's first query is query `row`: add it"},
    {TILE_NO_COL, "no-col", "the tile's first key is key `col`: add it"},
    {TILE_START, "at-the-start",
     "the queries are the last positions: query i is at i + keys - queries"},
    {TILE_SIGNED, "signed", "keys after the query are a distance away too: |i - j|"},
    {TILE_ADDED, "added", "a distance costs: it is subtracted"},
    {TILE_COLUMN, "column-form",
     "+ slope j gives the same weights under a causal mask, but not these scores"},
    {TILE_ONLY, "overwritten",
     "the scores were overwritten: the bias is subtracted "
     "from them"},
};

static void check_tile_of(Grade *g, int points, const char *what, ScoreTile t) {
    double scores[MOST_NUMBERS] = {0}, got[MOST_NUMBERS];
    int n = t.rows * t.cols;
    for (int i = 0; i < n; i++) scores[i] = score(i / t.cols, i % t.cols);
    double *at = grade_guarded("scores", scores, (size_t)n * sizeof *scores);
    alibi_tile(at, &t, SLOPE);
    for (int i = 0; i < n; i++) got[i] = at[i];
    grade_numbers(g, points, what, got, n, TOLERANCE, tile_by, &t, TILE_SLIPS,
                  COUNT_OF(TILE_SLIPS));
}

static void check_tile(Grade *g) {
    check_tile_of(g, 4, "a tile of 3 x 4 scores at (6, 4) of 12 x 12",
                  (ScoreTile){6, 3, 4, 4, 12, 12});
}
static void check_tile_ends(Grade *g) {
    check_tile_of(g, 3, "a tile of 2 x 5 scores at (1, 5) of 3 x 10",
                  (ScoreTile){1, 2, 5, 5, 3, 10});
}

// ---- slopes

typedef struct {
    HeadShards shards;
    int device, kv, member;
} HeadAt;
static const HeadAt HEADS_AT[] = {{{16, 2, 4}, 0, 0, 1},
                                  {{16, 2, 4}, 0, 1, 0},
                                  {{16, 2, 4}, 2, 1, 1},
                                  {{8, 4, 2}, 1, 0, 3}};

typedef enum {
    SLOPE_RIGHT,
    SLOPE_LOCAL,   // heads counted from the device's own first
    SLOPE_SHARDS,  // and their number the device's own
    SLOPE_KV,      // one slope for a key-value head
    SLOPE_STRIPE,  // member x number of kv heads + kv
    SLOPE_ZERO,    // head 0 has slope 1
    SLOPE_PLUS,    // kv + member
    SLOPE_SIGN,    // 2^+
} SlopeRule;

static void slope_by(int rule, const void *of, double *to) {
    (void)of;
    for (int i = 0; i < COUNT_OF(HEADS_AT); i++) {
        const HeadAt *a = &HEADS_AT[i];
        int here = a->shards.heads / a->shards.devices, group = a->shards.group,
            all = rule == SLOPE_SHARDS ? here : a->shards.heads;
        int head = a->device * here + a->kv * group + a->member;
        if (rule == SLOPE_LOCAL || rule == SLOPE_SHARDS) head -= a->device * here;
        if (rule == SLOPE_KV) head = head / group, all /= group;
        if (rule == SLOPE_STRIPE)
            head = a->device * here + a->member * (here / group) + a->kv;
        if (rule == SLOPE_PLUS) head = a->device * here + a->kv + a->member;
        to[i] = pow(
            2, (rule == SLOPE_SIGN ? 8.0 : -8.0) * (head + (rule != SLOPE_ZERO)) / all);
    }
}

static void check_slope(Grade *g) {
    static const Slip slips[] = {
        {SLOPE_LOCAL, "local-head",
         "each device begins again with head 0: the slope is that of the head among "
         "all"},
        {SLOPE_SHARDS, "local-heads",
         "the slopes are those of a model with one device's heads"},
        {SLOPE_KV, "by-kv-head",
         "heads that share keys have slopes of their own: a slope belongs to a query "
         "head"},
        {SLOPE_STRIPE, "striped",
         "the heads of a group follow one another: kv x group + member"},
        {SLOPE_ZERO, "from-zero", "head 0 has the slope 2^(-8 / heads), not 1"},
        {SLOPE_SIGN, "above-one", "slopes are below 1: the exponent is negative"},
        {SLOPE_PLUS, "kv-plus-member",
         "before key-value head kv there are kv x group query heads"},
    };
    double got[COUNT_OF(HEADS_AT)];
    for (int i = 0; i < COUNT_OF(HEADS_AT); i++)
        got[i] = alibi_slope_of(&HEADS_AT[i].shards, HEADS_AT[i].device, HEADS_AT[i].kv,
                                HEADS_AT[i].member);
    grade_numbers(g, 6, "slopes of heads on several devices", got, COUNT_OF(HEADS_AT),
                  TOLERANCE, slope_by, NULL, slips, COUNT_OF(slips));
}

// ---- keys left out

typedef struct {
    int at;
    double slope, most, share;
} Far;

typedef enum {
    FAR_RIGHT,
    FAR_ONE_SIDE,  // the query's own key has the score 0
    FAR_NO_MOST,   // no scores at all
    FAR_ONE_LATE,  // one key too many left out
    FAR_ONE_EARLY,
    FAR_SHARE_PLAIN,  // share, not its logarithm
    FAR_SIGN,         // + ln share
    FAR_DISTANCE,     // the distance in the place of the key
} FarRule;

enum { FARS = 3 };
static void far_by(int rule, const void *of, double *to) {
    const Far *f = of;
    for (int i = 0; i < FARS; i++) {
        double room =
                   rule == FAR_NO_MOST ? 0 : (rule == FAR_ONE_SIDE ? 1 : 2) * f[i].most,
               less = rule == FAR_SHARE_PLAIN ? f[i].share : log(f[i].share),
               need = room - (rule == FAR_SIGN ? -less : less);
        int first = 0;
        // what a negative distance gives is not cut off
        if (rule == FAR_SIGN && need < 0)
            first = f[i].at + (int)floor(-need / f[i].slope) + 1;
        while (first < f[i].at && f[i].slope * (f[i].at - first) >= need) first++;
        if (rule == FAR_ONE_LATE) first = first < f[i].at ? first + 1 : first;
        if (rule == FAR_ONE_EARLY) first = first > 0 ? first - 1 : 0;
        to[i] = rule == FAR_DISTANCE ? f[i].at + 1 - first : first;
    }
}

static const Slip FAR_SLIPS[] = {
    {FAR_ONE_SIDE, "one-side",
     "the far key's score may be most and the query's own -most: 2 most between them"},
    {FAR_NO_MOST, "no-scores", "the scores count too, up to most either way"},
    {FAR_ONE_LATE, "one-late", "the first key to look at was left out as well"},
    {FAR_ONE_EARLY, "one-early", "the last key that may be left out was kept"},
    {FAR_SHARE_PLAIN, "share-plain", "weights are e^score: compare with ln share"},
    {FAR_SIGN, "share-sign",
     "ln share is negative, and a smaller share takes a larger distance: - ln share"},
    {FAR_DISTANCE, "distance",
     "this is how many keys remain: the first one is asked for"},
};

static void check_far_of(Grade *g, int points, const char *what, const Far *f) {
    double got[FARS];
    for (int i = 0; i < FARS; i++)
        got[i] = alibi_first_key(f[i].at, f[i].slope, f[i].most, f[i].share);
    for (int i = 0; i < FARS; i++)
        grade_mistake(g, got[i] < 0, "before-the-first",
                      "there is no key before key 0");
    grade_numbers(g, points, what, got, FARS, 0, far_by, f, FAR_SLIPS,
                  COUNT_OF(FAR_SLIPS));
}

static void check_far(Grade *g) {
    check_far_of(
        g, 5, "the first key for queries at 100, 200 and 1000",
        (Far[]){{100, 0.5, 3, 1e-3}, {200, 0.25, 5, 1e-6}, {1000, 0.125, 2, 0.3}});
}
static void check_far_none(Grade *g) {
    check_far_of(g, 2, "the first key for queries at 5, 40 and 30",
                 (Far[]){{5, 0.5, 3, 1e-3}, {40, 0.01, 1, 0.5}, {30, 8, 0.1, 0.9}});
}

void check_alibi(Grade *g) {
    grade_part(g, check_tile(g));
    grade_part(g, check_tile_ends(g));
    grade_part(g, check_slope(g));
    grade_part(g, check_far(g));
    grade_part(g, check_far_none(g));
}
