// Problem 2: ALiBi in a tile.
#include <math.h>
#include <stdlib.h>

#include "ch06_flash/homework/grade.h"

static const double TOLERANCE = 1e-12;

// ---- the bias

typedef enum {
    TILE_RIGHT,
    TILE_WITHIN,       // positions counted from the tile's corner
    TILE_START,        // queries at the beginning of the keys
    TILE_SIGNED,       // the distance without its absolute value
    TILE_ADDED,        // the bias added
    TILE_COLUMN,       // + slope j: the same weights, other scores
    TILE_NO_ROW,       // rows counted from the tile's first
    TILE_NO_COL,       // columns so
    TILE_ONLY,         // the bias in the place of the scores
    TILE_SHIFT_SIGN,   // i + queries - keys
    TILE_KEY_SHIFTED,  // keys shifted as queries are
    TILE_ONE_MORE,     // a distance of 1 to itself
    TILE_OFF,          // queries one position late
    TILE_PAST_ONLY,    // keys after the query cost nothing
    TILE_SQUARED,      // slope^2
    TILE_DISTANCE_SQUARED,
    TILE_NO_SLOPE,
    TILE_BY_SLOPE,   // distance / slope
    TILE_TIMES,      // the scores multiplied
    TILE_ACROSS,     // row and column exchanged
    TILE_POWER,      // 2^-slope: slope taken for an exponent
    TILE_STRIDE,     // score (i, j) at [i * rows + j]
    TILE_TURNED,     // at [j * rows + i]
    TILE_AHEAD,      // key less query, without the absolute value
    TILE_SQUARE,     // as many columns as rows
    TILE_ONE_LESS,   // a distance of 1 to the next one is 0
    TILE_ROW_TIMES,  // row x rows: `row` taken for a number of tiles
    TILE_BY_ROWS,    // i + keys - rows: the tile's, for all queries
} TileRule;

static double score(int i, int j) { return 0.25 * i - 0.5 * j + 1; }
static const double SLOPE = 0.125;

// Position of row i's query less that of column j's key.
static int apart_by(TileRule rule, const ScoreTile *t, int i, int j) {
    int shift = t->keys - t->queries, row = t->row + i, key = t->col + j;
    if (rule == TILE_ROW_TIMES) row = t->row * t->rows + i;
    if (rule == TILE_ACROSS) row = t->row + j, key = t->col + i;
    if (rule == TILE_WITHIN) return i - j;
    if (rule == TILE_NO_ROW) row = i;
    if (rule == TILE_NO_COL) key = j;
    if (rule == TILE_START || rule == TILE_KEY_SHIFTED) shift = 0;
    if (rule == TILE_SHIFT_SIGN) shift = -shift;
    if (rule == TILE_BY_ROWS) shift = t->keys - t->rows;
    return row + shift - key + (rule == TILE_OFF);
}

static double bias_by(TileRule rule, const ScoreTile *t, int i, int j) {
    int apart = apart_by(rule, t, i, j);
    double distance = rule == TILE_SIGNED  ? apart
                      : rule == TILE_AHEAD ? -apart
                                           : abs(apart);
    if (rule == TILE_ONE_MORE) distance++;
    if (rule == TILE_ONE_LESS && distance > 0) distance--;
    if (rule == TILE_PAST_ONLY && apart < 0) distance = 0;
    if (rule == TILE_DISTANCE_SQUARED) distance *= distance;
    double slope = rule == TILE_SQUARED    ? SLOPE * SLOPE
                   : rule == TILE_NO_SLOPE ? 1
                   : rule == TILE_BY_SLOPE ? 1 / SLOPE
                   : rule == TILE_POWER    ? exp2(-SLOPE)
                                           : SLOPE;
    if (rule == TILE_COLUMN) return SLOPE * (t->col + j);
    return rule == TILE_ADDED ? slope * distance : -slope * distance;
}

static void tile_by(int rule, const void *of, double *to) {
    const ScoreTile *t = of;
    for (int i = 0; i < t->rows * t->cols; i++)
        to[i] = rule == TILE_ONLY ? 0 : score(i / t->cols, i % t->cols);
    int cols = rule == TILE_SQUARE && t->rows < t->cols ? t->rows : t->cols;
    for (int i = 0; i < t->rows; i++)
        for (int j = 0; j < cols; j++) {
            double bias = bias_by((TileRule)rule, t, i, j),
                   *at = &to[rule == TILE_STRIDE   ? i * t->rows + j
                             : rule == TILE_TURNED ? j * t->rows + i
                                                   : i * t->cols + j];
            *at = rule == TILE_TIMES ? -*at * bias : *at + bias;
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
    {TILE_AHEAD, "signed",
     "keys before the query are a distance away too: |i - j|, not j - i"},
    {TILE_SQUARE, "square",
     "only as many columns as there are rows were changed: a tile has rows x cols"},
    {TILE_ADDED, "added", "a distance costs: it is subtracted"},
    {TILE_COLUMN, "column-form",
     "+ slope j gives the same weights under a causal mask, but not these scores"},
    {TILE_ONLY, "overwritten",
     "the scores were overwritten: the bias is subtracted "
     "from them"},
    {TILE_SHIFT_SIGN, "shift-sign",
     "the shift has the wrong sign: query i is at i + keys - queries"},
    {TILE_KEY_SHIFTED, "keys-shifted",
     "keys were shifted like queries: key j is at position j, only queries are moved"},
    {TILE_ONE_MORE, "distance-one-more",
     "each distance is one too large: a query's own key is 0 away"},
    {TILE_ONE_LESS, "distance-one-less",
     "each distance is one too small: the key before the query's own is 1 away"},
    {TILE_ROW_TIMES, "row-times-rows",
     "row x rows: `row` is the tile's first query itself, not a number of tiles"},
    {TILE_BY_ROWS, "shift-by-rows",
     "shifted by keys - rows: query i is at i + keys - queries, `queries` of the whole "
     "table"},
    {TILE_OFF, "one-off",
     "the queries are one position late: query i is at i + keys - "
     "queries"},
    {TILE_PAST_ONLY, "past-only",
     "keys after the query cost nothing here: they are a distance away too"},
    {TILE_SQUARED, "slope-squared", "the slope came in twice"},
    {TILE_DISTANCE_SQUARED, "distance-squared", "the distance itself, not its square"},
    {TILE_NO_SLOPE, "no-slope", "the slope is missing: slope times distance"},
    {TILE_BY_SLOPE, "divided-by-slope", "divided by the slope: slope times distance"},
    {TILE_TIMES, "multiplied", "the scores were multiplied: the bias is subtracted"},
    {TILE_ACROSS, "row-and-column",
     "row and column are exchanged: score (i, j) is at [i * cols + j], of query row + "
     "i"},
    {TILE_STRIDE, "stride", "a row of the tile has cols scores: [i * cols + j]"},
    {TILE_TURNED, "stride", "the tile lies row after row: [i * cols + j]"},
    {TILE_POWER, "slope-as-power", "the slope is a factor as it is, no exponent"},
};

// Whether a score that a row of the whole table's length would put there was changed:
// in an array that has room for it.
static bool changes_table(const ScoreTile *t) {
    enum { ROOM = 160 };
    double table[ROOM] = {0};
    alibi_tile(table, t, SLOPE);
    for (int at = t->rows * t->cols; at < ROOM; at++)
        if (table[at] != 0) return true;
    return false;
}

static int tile_of(const void *of, double *got) {
    const ScoreTile *t = of;
    double scores[MOST_NUMBERS] = {0};
    int n = t->rows * t->cols;
    for (int i = 0; i < n; i++) scores[i] = score(i / t->cols, i % t->cols);
    double *at = grade_guarded("scores", scores, (size_t)n * sizeof *scores);
    alibi_tile(at, t, SLOPE);
    for (int i = 0; i < n; i++) got[i] = at[i];
    return n;
}

// The table's first tile; as many queries as keys; a square tile; one of one row.
static const ScoreTile CORNER = {0, 3, 0, 4, 12, 12}, EVEN = {1, 2, 5, 5, 12, 12},
                       SQUARE = {6, 3, 4, 3, 12, 12}, ROW_0 = {0, 2, 5, 5, 5, 11},
                       COL_0 = {2, 2, 0, 5, 5, 11}, ONE_ROW = {2, 1, 5, 5, 5, 11},
                       PAST = {6, 3, 1, 4, 12, 12};
static const Simpler TILE_CASES[] = {
    {"only-past",
     "right where all keys are before the queries: what is the distance of a key after "
     "its query?",
     &PAST},
    {"only-even",
     "right where there are as many queries as keys: by what is a query's position "
     "moved?",
     &EVEN},
    {"only-square",
     "right for a tile with as many rows as columns: which is which, and "
     "how long is a row of it?",
     &SQUARE},
    {"only-corner", "right for the tile at (0, 0): how do `row` and `col` come in?",
     &CORNER},
    {"only-row-0", "right where row is 0: how does `row` come in?", &ROW_0},
    {"only-col-0", "right where col is 0: how does `col` come in?", &COL_0},
    {"only-one-row", "right for a tile of one row: what changes from row to row?",
     &ONE_ROW}};

static void check_tile_of(Grade *g, int points, const char *what, ScoreTile t) {
    if (grade_mistake(g, changes_table(&t), "row-of-the-table",
                      "a number after the tile's rows x cols scores was changed: "
                      "score (i, j) of the tile is scores[i * cols + j]; `keys`, "
                      "`row` and `col` say where it is in the table alone")) {
        grade_expect(g, points, false, "%s: another number than its scores was changed",
                     what);
        return;
    }
    double got[MOST_NUMBERS];
    grade_numbers(g, points, what, got, tile_of(&t, got), TOLERANCE, tile_by, &t,
                  TILE_SLIPS, COUNT_OF(TILE_SLIPS));
    grade_simpler(g, TOLERANCE, tile_of, tile_by, TILE_CASES, COUNT_OF(TILE_CASES));
}

static void check_tile(Grade *g) {
    check_tile_of(g, 4, "a tile of 3 x 4 scores at (6, 4) of 12 x 12",
                  (ScoreTile){6, 3, 4, 4, 12, 12});
}
static void check_tile_ends(Grade *g) {
    check_tile_of(g, 3, "a tile of 2 x 5 scores at (2, 5) of 5 x 11",
                  (ScoreTile){2, 2, 5, 5, 5, 11});
}

// ---- slopes

typedef struct {
    HeadShards shards;
    int device, kv, member;
} HeadAt;
enum { HEADS = 4 };
static const HeadAt HEADS_AT[HEADS] = {{{16, 2, 4}, 0, 0, 1},
                                       {{16, 2, 4}, 0, 1, 0},
                                       {{16, 2, 4}, 2, 1, 1},
                                       {{8, 4, 2}, 1, 0, 3}};

typedef enum {
    SLOPE_RIGHT,
    SLOPE_LOCAL,         // heads counted from the device's own first
    SLOPE_SHARDS,        // and their number the device's own
    SLOPE_KV,            // one slope for a key-value head
    SLOPE_STRIPE,        // member x number of kv heads + kv
    SLOPE_ZERO,          // head 0 has slope 1
    SLOPE_PLUS,          // kv + member
    SLOPE_SIGN,          // 2^+
    SLOPE_E,             // base e
    SLOPE_DEVICE,        // device, not its first head
    SLOPE_DEVICE_GROUP,  // as if each device had one group
    SLOPE_TIMES_GROUP,   // here is taken for key-value heads
    SLOPE_FEW,           // first head of the device in key-value heads
    SLOPE_HERE,          // among all, but divided by the device's number
    SLOPE_INTEGERS,      // 8 (h + 1) / heads cut off
    SLOPE_SQUARED,
    SLOPE_NO_EIGHT,
    SLOPE_DEVICE_STRIPE,  // query heads dealt out one by one
    SLOPE_KV_STRIPE,      // key-value heads so
    SLOPE_DEVICES,        // device x devices for its first key-value head
    SLOPE_NO_KV,          // without kv
    SLOPE_NO_MEMBER,      // without member
    SLOPE_MEMBER_STRIPE,  // member x number of all kv heads
    SLOPE_KV_NUMBER,      // divided by the number of kv heads
    SLOPE_PLUS_ONE,       // the 1 is added to the exponent
    SLOPE_ALL_KV,         // device x number of all kv heads
    SLOPE_KV_DEVICES,     // kv x devices
    SLOPE_INT_EIGHT,      // 8 / heads cut off
} SlopeRule;

// The number of the head among all, or what a mistake takes for it.
static int head_by(SlopeRule rule, const HeadAt *a) {
    int here = a->shards.heads / a->shards.devices, group = a->shards.group,
        first = a->device * here, local = a->kv * group + a->member;
    if (rule == SLOPE_LOCAL || rule == SLOPE_SHARDS) first = 0;
    if (rule == SLOPE_DEVICE) first = a->device;
    if (rule == SLOPE_DEVICE_GROUP) first = a->device * group;
    if (rule == SLOPE_TIMES_GROUP) first *= group;
    if (rule == SLOPE_FEW) first /= group;
    if (rule == SLOPE_STRIPE) local = a->member * (here / group) + a->kv;
    if (rule == SLOPE_PLUS) local = a->kv + a->member;
    if (rule == SLOPE_DEVICES) first = a->device * a->shards.devices * group;
    if (rule == SLOPE_NO_KV) local = a->member;
    if (rule == SLOPE_ALL_KV) first = a->device * (a->shards.heads / group);
    if (rule == SLOPE_KV_DEVICES) local = a->kv * a->shards.devices + a->member;
    if (rule == SLOPE_NO_MEMBER) local = a->kv * group;
    if (rule == SLOPE_MEMBER_STRIPE)
        first /= group, local = a->member * (a->shards.heads / group) + a->kv;
    if (rule == SLOPE_DEVICE_STRIPE) return a->device + a->shards.devices * local;
    if (rule == SLOPE_KV_STRIPE)
        return (a->device + a->shards.devices * a->kv) * group + a->member;
    return first + local;
}

static void slope_by(int rule, const void *of, double *to) {
    for (int i = 0; i < HEADS; i++) {
        const HeadAt *a = (const HeadAt *)of + i;
        int here = a->shards.heads / a->shards.devices, group = a->shards.group,
            all = rule == SLOPE_SHARDS || rule == SLOPE_HERE ? here : a->shards.heads,
            head = head_by((SlopeRule)rule, a);
        if (rule == SLOPE_KV) head = head / group, all /= group;
        if (rule == SLOPE_KV_NUMBER) all /= group;
        double power = -8.0 * (head + (rule != SLOPE_ZERO)) / all;
        if (rule == SLOPE_SIGN) power = -power;
        if (rule == SLOPE_INT_EIGHT) power = -(8 / all) * (head + 1);
        if (rule == SLOPE_INTEGERS) power = trunc(power);
        if (rule == SLOPE_PLUS_ONE) power = 1 - 8.0 * head / all;
        if (rule == SLOPE_SQUARED) power *= 2;
        if (rule == SLOPE_NO_EIGHT) power /= 8;
        to[i] = pow(rule == SLOPE_E ? exp(1) : 2, power);
    }
}

static const Slip SLOPE_SLIPS[] = {
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
    {SLOPE_E, "base-e", "slopes are powers of 2, not of e"},
    {SLOPE_DEVICE, "device-not-times",
     "before device `device` there are device x heads / devices query heads"},
    {SLOPE_DEVICE_GROUP, "device-one-group",
     "a device has heads / devices query heads, not one group"},
    {SLOPE_TIMES_GROUP, "group-twice",
     "heads / devices are a device's query heads already: not times group"},
    {SLOPE_FEW, "device-kv-heads",
     "the heads of earlier devices were counted as key-value heads: query heads"},
    {SLOPE_HERE, "by-device-heads",
     "divided by one device's heads: by those of the whole model"},
    {SLOPE_INTEGERS, "slope-integers",
     "8 (h + 1) / heads is a quotient of integers: make one a double"},
    {SLOPE_SQUARED, "slope-squared", "the slope is squared: 2^(-8 (h + 1) / heads)"},
    {SLOPE_NO_EIGHT, "no-eight", "the 8 is missing: 2^(-8 (h + 1) / heads)"},
    {SLOPE_DEVICE_STRIPE, "device-striped",
     "heads are shared out in order: the first device has the first ones"},
    {SLOPE_KV_STRIPE, "device-striped",
     "key-value heads were dealt out one by one: they are shared out in order, the "
     "first device has the first ones"},
    {SLOPE_DEVICES, "device-times-devices",
     "device x devices: before device `device` there are device x heads / devices "
     "query heads"},
    {SLOPE_ALL_KV, "device-times-kv-heads",
     "device x key-value heads of all: before device `device` there are device x heads "
     "/ devices query heads"},
    {SLOPE_KV_DEVICES, "kv-times-devices",
     "kv x devices: before key-value head kv there are kv x group query heads"},
    {SLOPE_INT_EIGHT, "slope-integers",
     "8 / heads is a quotient of integers: make one a double"},
    {SLOPE_NO_KV, "no-kv",
     "kv is not used: before key-value head kv there are kv x group query heads"},
    {SLOPE_NO_MEMBER, "no-member",
     "member is not used: heads that share keys have slopes of their own"},
    {SLOPE_MEMBER_STRIPE, "striped",
     "the heads of a group follow one another: kv x group + member"},
    {SLOPE_KV_NUMBER, "by-kv-heads",
     "divided by the number of key-value heads: by that of the query heads"},
    {SLOPE_PLUS_ONE, "one-outside", "the 1 is added to h: 2^(-8 (h + 1) / heads)"},
};

static int slopes_of(const void *of, double *got) {
    const HeadAt *a = of;
    for (int i = 0; i < HEADS; i++)
        got[i] = alibi_slope_of(&a[i].shards, a[i].device, a[i].kv, a[i].member);
    return HEADS;
}

static void check_slope(Grade *g) {
    static const HeadAt one_device[HEADS] = {{{16, 2, 1}, 0, 0, 1},
                                             {{16, 2, 1}, 0, 1, 0},
                                             {{16, 2, 1}, 0, 5, 1},
                                             {{8, 4, 1}, 0, 1, 3}},
                        device_0[HEADS] = {{{16, 2, 4}, 0, 0, 1},
                                           {{16, 2, 4}, 0, 1, 0},
                                           {{16, 2, 4}, 0, 1, 1},
                                           {{8, 4, 2}, 0, 0, 3}},
                        head_0[HEADS] = {{{16, 2, 4}, 0, 0, 0},
                                         {{8, 2, 2}, 0, 0, 0},
                                         {{4, 1, 1}, 0, 0, 0},
                                         {{32, 4, 2}, 0, 0, 0}},
                        alone[HEADS] = {{{16, 1, 4}, 0, 1, 0},
                                        {{16, 1, 4}, 1, 2, 0},
                                        {{16, 1, 4}, 2, 3, 0},
                                        {{8, 1, 2}, 1, 3, 0}},
                        eight[HEADS] = {{{8, 2, 2}, 0, 0, 1},
                                        {{8, 2, 2}, 0, 1, 0},
                                        {{8, 2, 2}, 1, 1, 1},
                                        {{8, 4, 2}, 1, 0, 3}};
    static const Simpler simpler[] = {
        {"only-one-device",
         "right on one device: how many query heads are before those of a device?",
         one_device},
        {"only-group-1",
         "right where each key-value head has one query head: what do `group` and "
         "`member` change?",
         alone},
        {"only-8-heads", "right for 8 heads: how does `heads` come into the exponent?",
         eight},
        {"only-device-0",
         "right on device 0: how many query heads are before those of a later one?",
         device_0},
        {"only-head-0", "right for head 0 alone: how does h come into the exponent?",
         head_0}};
    double got[HEADS];
    grade_numbers(g, 6, "slopes of heads on several devices", got,
                  slopes_of(HEADS_AT, got), TOLERANCE, slope_by, HEADS_AT, SLOPE_SLIPS,
                  COUNT_OF(SLOPE_SLIPS));
    grade_simpler(g, TOLERANCE, slopes_of, slope_by, simpler, COUNT_OF(simpler));
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
    FAR_SIGN_CUT,     // so too, and no key after the query's own
    FAR_DISTANCE,     // the distance in the place of the key
    FAR_TIMES_SLOPE,  // not divided
    FAR_BITS,         // log2
    FAR_TEN,          // log10
    FAR_LOG_ALONE,    // only the logarithm is divided by the slope
    FAR_MOST_ALONE,   // only most is
    FAR_NO_SHARE,     // without ln share
    FAR_FOUR,         // 4 most
    FAR_NO_SLOPE,     // not divided
    FAR_KEPT,         // how many keys are looked at
} FarRule;

enum { FARS = 3 };
// The distance, no whole number yet, from which on keys may be left out.
static double far_distance(FarRule rule, const Far *f) {
    double most = rule == FAR_NO_MOST    ? 0
                  : rule == FAR_ONE_SIDE ? f->most
                  : rule == FAR_FOUR     ? 4 * f->most
                                         : 2 * f->most,
           less = rule == FAR_SHARE_PLAIN ? f->share
                  : rule == FAR_BITS      ? log2(f->share)
                  : rule == FAR_TEN       ? log10(f->share)
                  : rule == FAR_NO_SHARE  ? 0
                                          : log(f->share);
    if (rule == FAR_SIGN || rule == FAR_SIGN_CUT) less = -less;
    if (rule == FAR_TIMES_SLOPE) return (most - less) * f->slope;
    if (rule == FAR_NO_SLOPE) return most - less;
    if (rule == FAR_LOG_ALONE) return most - less / f->slope;
    if (rule == FAR_MOST_ALONE) return most / f->slope - less;
    return (most - less) / f->slope;
}

static void far_by(int rule, const void *of, double *to) {
    const Far *f = of;
    for (int i = 0; i < FARS; i++) {
        double distance = far_distance((FarRule)rule, &f[i]);
        int first = 0;
        // what a negative distance gives is not cut off
        if (rule == FAR_SIGN && distance < 0)
            first = f[i].at + (int)floor(-distance) + 1;
        while (first < f[i].at && f[i].at - first >= distance) first++;
        if (rule == FAR_ONE_LATE) first = first < f[i].at ? first + 1 : first;
        if (rule == FAR_ONE_EARLY) first = first > 0 ? first - 1 : 0;
        to[i] = rule == FAR_DISTANCE ? f[i].at + 1 - first
                : rule == FAR_KEPT   ? f[i].at - first
                                     : first;
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
    {FAR_SIGN_CUT, "share-sign",
     "ln share is negative, and a smaller share takes a larger distance: - ln share"},
    {FAR_DISTANCE, "distance",
     "this is how many keys remain: the first one is asked for"},
    {FAR_KEPT, "distance", "this is a distance: the key is asked for"},
    {FAR_TIMES_SLOPE, "times-slope",
     "multiplied by the slope: a distance is what is missing, divided by the slope"},
    {FAR_NO_SLOPE, "no-slope",
     "the slope is not used: a distance is what is missing, divided by it"},
    {FAR_BITS, "share-bits", "a logarithm to base 2: weights are powers of e"},
    {FAR_TEN, "share-log10", "a logarithm to base 10: weights are powers of e"},
    {FAR_LOG_ALONE, "most-not-divided", "2 most is divided by the slope too"},
    {FAR_MOST_ALONE, "share-not-divided", "ln share is divided by the slope too"},
    {FAR_NO_SHARE, "no-share",
     "the share is not used: a weight of `share` is - ln share lower"},
    {FAR_FOUR, "four-most",
     "4 most: the far key's score is most and the query's own -most, 2 most between "
     "them"},
};

static int fars_of(const void *of, double *got) {
    const Far *f = of;
    for (int i = 0; i < FARS; i++)
        got[i] = alibi_first_key(f[i].at, f[i].slope, f[i].most, f[i].share);
    return FARS;
}

static void check_far_of(Grade *g, int points, const char *what, const Far *f) {
    static const Far slope_1[FARS] = {{100, 1, 3, 1e-3},
                                      {200, 1, 5, 1e-6},
                                      {1000, 1, 2, 0.3}},
                     most_0[FARS] = {{100, 0.5, 0, 1e-3},
                                     {200, 0.25, 0, 1e-6},
                                     {1000, 0.125, 0, 0.3}},
                     far[FARS] = {{100, 0.5, 3, 1e-3},
                                  {200, 0.25, 5, 1e-6},
                                  {1000, 0.125, 2, 0.3}};
    static const Simpler simpler[] = {
        {"only-some-left-out",
         "right where some keys may be left out and some not: what if it is all but "
         "the "
         "query's own, or none?",
         far},
        {"only-slope-1", "right where the slope is 1: what is divided by the slope?",
         slope_1},
        {"only-most-0",
         "right where all scores are 0: how far apart may two scores be at the most?",
         most_0}};
    double got[FARS], want[FARS];
    fars_of(f, got), far_by(FAR_RIGHT, f, want);
    int early = 0, late = 0;
    for (int i = 0; i < FARS; i++) {
        grade_mistake(g, got[i] < 0, "before-the-first",
                      "there is no key before key 0");
        early += got[i] == want[i] - 1, late += got[i] == want[i] + 1;
    }
    grade_numbers(g, points, what, got, FARS, 0, far_by, f, FAR_SLIPS,
                  COUNT_OF(FAR_SLIPS));
    grade_simpler(g, 0, fars_of, far_by, simpler, COUNT_OF(simpler));
    grade_contrast(g, early + late > 0, "off-by-one",
                   "%d of 3 keys are one too early, %d one too late: which way is the "
                   "distance rounded, and is a key just that far away left out?",
                   early, late);
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
