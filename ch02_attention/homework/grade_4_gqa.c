// Problem 4: from MHA to GQA.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch02_attention/homework/grade.h"
#include "common/error.h"

enum { CHANNELS = 8, HEADS = 6, HEAD_DIM = 4, WIDE = HEADS * HEAD_DIM };

typedef enum {
    MEAN_RIGHT,
    MEAN_SUM,         // not divided
    MEAN_LAST,        // its last head alone
    MEAN_GROUPS,      // divided by the number of groups
    MEAN_FIRST,       // the group's first head alone
    MEAN_LAST_SHARE,  // the last head divided by the size
    MEAN_COLUMNS,     // neighbouring columns, as if heads were cut the other way
} MeanRule;

// What gqa's K or V should be: CHANNELS x groups HEAD_DIM.
static Mat group_means(Mat from, int groups, const int *group_of, MeanRule rule) {
    Table means = table_new(CHANNELS, groups * HEAD_DIM);
    int size = HEADS / groups, *seen = allocate((size_t)groups, sizeof *seen);
    for (int head = 0; head < HEADS; head++) {
        bool first = seen[group_of[head]]++ == 0;
        bool last = seen[group_of[head]] == size;
        double share = rule == MEAN_SUM          ? 1
                       : rule == MEAN_FIRST      ? first
                       : rule == MEAN_LAST       ? last
                       : rule == MEAN_LAST_SHARE ? (double)last / size
                       : rule == MEAN_GROUPS     ? 1.0 / groups
                                                 : 1.0 / size;
        for (int i = 0; i < CHANNELS; i++)
            for (int c = 0; c < HEAD_DIM; c++) {
                int column = head * HEAD_DIM + c;
                int to = rule == MEAN_COLUMNS ? column / size
                                              : group_of[head] * HEAD_DIM + c;
                means.at[i * means.cols + to] += share * at(from, i, column);
            }
    }
    free(seen);
    return mat_of(means, 0);
}

static Projections projections_random(Rng *rng) {
    double sd = 1 / sqrt(CHANNELS);
    Projections p = {mat_new(CHANNELS, WIDE), mat_new(CHANNELS, WIDE),
                     mat_new(CHANNELS, WIDE), mat_new(WIDE, CHANNELS)};
    rng_fill_normal(rng, p.q, sd), rng_fill_normal(rng, p.k, sd),
        rng_fill_normal(rng, p.v, sd);
    rng_fill_normal(rng, p.o, sd);
    return p;
}

static Projections convert(Grade *g, const Projections *mha, int groups,
                           const int *group_of) {
    Projections gqa = {
        filled(CHANNELS, WIDE, NAN), filled(CHANNELS, groups * HEAD_DIM, NAN),
        filled(CHANNELS, groups * HEAD_DIM, NAN), filled(WIDE, CHANNELS, NAN)};
    static char case_of[80];  // grade_case keeps it
    snprintf(case_of, sizeof case_of, "%d heads of %d columns each, in %d groups of %d",
             HEADS, HEAD_DIM, groups, HEADS / groups);
    grade_case(g, case_of);
    gqa_convert(&gqa, mha, HEADS, groups, group_of);
    return gqa;
}

// Row t of x times column c of w.
static double projected(Mat x, int t, Mat w, int c) {
    double sum = 0;
    for (int i = 0; i < x.cols; i++) sum += at(x, t, i) * at(w, i, c);
    return sum;
}

// The weights with which token t of a layer's head attends.
static void head_weights(double *p, Mat x, const Projections *w, int head, int kv,
                         int t) {
    double sum = 0;
    for (int s = 0; s < x.rows; s++) {
        double score = 0;
        for (int c = 0; c < HEAD_DIM; c++)
            score += projected(x, t, w->q, head * HEAD_DIM + c)
                     * projected(x, s, w->k, kv * HEAD_DIM + c);
        sum += p[s] = exp(score / sqrt(HEAD_DIM));
    }
    for (int s = 0; s < x.rows; s++) p[s] /= sum;
}

// The layer by its definition: query head h attends with key-value head h / (HEADS /
// kv_heads).
static Mat layer(Mat x, const Projections *w, int kv_heads) {
    Table out = table_new(x.rows, CHANNELS);
    double *p = allocate((size_t)x.rows, sizeof *p);
    for (int head = 0; head < HEADS; head++)
        for (int t = 0; t < x.rows; t++) {
            int kv = head / (HEADS / kv_heads);
            head_weights(p, x, w, head, kv, t);
            for (int c = 0; c < HEAD_DIM; c++) {
                double mixed = 0;
                for (int s = 0; s < x.rows; s++)
                    mixed += p[s] * projected(x, s, w->v, kv * HEAD_DIM + c);
                add_row(out, t, mixed, w->o, head * HEAD_DIM + c);
            }
        }
    free(p);
    return mat_of(out, 0);
}

// mha with each head's K and V replaced by its group's mean: what gqa has to compute.
static Projections with_means(const Projections *mha, int groups, const int *group_of) {
    Projections w = {mha->q, mat_new(CHANNELS, WIDE), mat_new(CHANNELS, WIDE), mha->o};
    Mat k = group_means(mha->k, groups, group_of, MEAN_RIGHT),
        v = group_means(mha->v, groups, group_of, MEAN_RIGHT);
    for (int head = 0; head < HEADS; head++) {
        mat_copy(mat_cols(w.k, head * HEAD_DIM, HEAD_DIM),
                 mat_cols(k, group_of[head] * HEAD_DIM, HEAD_DIM));
        mat_copy(mat_cols(w.v, head * HEAD_DIM, HEAD_DIM),
                 mat_cols(v, group_of[head] * HEAD_DIM, HEAD_DIM));
    }
    return w;
}

static const int NEIGHBOURS[HEADS] = {0, 0, 0, 1, 1, 1},
                 EVERY_OTHER[HEADS] = {0, 1, 0, 1, 0, 1};
static const int SCATTERED[HEADS] = {2, 0, 1, 1, 2, 0},
                 IN_ROWS[HEADS] = {0, 0, 1, 1, 2, 2};
static const int SINGLE[HEADS] = {3, 0, 5, 1, 4, 2};

// A mean of at most HEADS numbers below 2.
static double mean_tolerance(void) { return rounding(HEADS, 2); }

static bool are_means(const Projections *gqa, const Projections *mha, int groups,
                      const int *group_of, MeanRule rule) {
    return near_mat(gqa->k, group_means(mha->k, groups, group_of, rule),
                    mean_tolerance())
           && near_mat(gqa->v, group_means(mha->v, groups, group_of, rule),
                       mean_tolerance());
}

static bool expect_means(Grade *g, int points, const char *what, const Projections *gqa,
                         const Projections *mha, int groups, const int *group_of) {
    Mat k = group_means(mha->k, groups, group_of, MEAN_RIGHT),
        v = group_means(mha->v, groups, group_of, MEAN_RIGHT);
    if (!near_mat(gqa->k, k, mean_tolerance()))
        return grade_near_mat(g, points, what, gqa->k, k, mean_tolerance());
    return grade_near_mat(g, points, what, gqa->v, v, mean_tolerance());
}

// Two heads of a group with the same W_Q.
static bool queries_averaged(const Projections *gqa) {
    return near_mat(mat_cols(gqa->q, 0, HEAD_DIM), mat_cols(gqa->q, HEAD_DIM, HEAD_DIM),
                    mean_tolerance());
}

// K or V alone, or both: what one of them is enough to see.
static bool one_is(const Projections *gqa, const Projections *mha, MeanRule rule) {
    return near_mat(gqa->k, group_means(mha->k, 2, NEIGHBOURS, rule), mean_tolerance())
           || near_mat(gqa->v, group_means(mha->v, 2, NEIGHBOURS, rule),
                       mean_tolerance());
}

static void recognise_means(Grade *g, const Projections *gqa, const Projections *mha) {
    Mat nothing = mat_new(CHANNELS, 2 * HEAD_DIM);
    grade_mistake(
        g, one_is(gqa, mha, MEAN_SUM), "sum",
        "the sum of a group's projections: divide by its size, or scores grow "
        "with it");
    grade_mistake(
        g, one_is(gqa, mha, MEAN_FIRST), "first-head",
        "the first head of each group was kept: the others' keys or values are "
        "thrown away");
    grade_mistake(g, one_is(gqa, mha, MEAN_LAST), "last-head",
                  "the last head of each group was kept: add up all of them");
    grade_mistake(
        g, one_is(gqa, mha, MEAN_LAST_SHARE), "last-head",
        "the last head of each group, divided by the group's size: the others "
        "were overwritten, add them up");
    grade_mistake(g, one_is(gqa, mha, MEAN_GROUPS), "by-groups",
                  "divided by the number of groups: a mean divides by how many heads a "
                  "group has");
    grade_mistake(g, near_mat(gqa->k, nothing, 0) || near_mat(gqa->v, nothing, 0),
                  "mean-zero",
                  "the keys or values are 0: 1 / size is 0 in integers, or nothing was "
                  "added");
    grade_mistake(g, !finite_mat(gqa->k) || !finite_mat(gqa->v), "not-cleared",
                  "added to what was there before: all four matrices are =, so clear K "
                  "and V first");
    bool k_is_v = near_mat(gqa->k, group_means(mha->v, 2, NEIGHBOURS, MEAN_RIGHT),
                           mean_tolerance()),
         v_is_k = near_mat(gqa->v, group_means(mha->k, 2, NEIGHBOURS, MEAN_RIGHT),
                           mean_tolerance());
    grade_mistake(g, k_is_v || v_is_k, "keys-for-values",
                  "gqa's %s is the mean of mha's %s", v_is_k ? "V" : "K",
                  v_is_k ? "K" : "V");
}

// The shares of all heads in one group's columns: solves the normal equations, by
// Gauss. false: it is not made of them.
static bool shares_of(double *share, Mat got, Mat from) {
    double a[HEADS][HEADS + 1] = {{0}};
    for (int row = 0; row < CHANNELS * HEAD_DIM; row++)
        for (int h = 0; h < HEADS; h++) {
            int i = row / HEAD_DIM, c = row % HEAD_DIM;
            for (int k = 0; k <= HEADS; k++)
                a[h][k] +=
                    at(from, i, h * HEAD_DIM + c)
                    * (k < HEADS ? at(from, i, k * HEAD_DIM + c) : at(got, i, c));
        }
    for (int p = 0; p < HEADS; p++)
        for (int h = 0; h < HEADS; h++) {
            double factor = h == p ? 0 : a[h][p] / a[p][p];
            for (int k = p; k <= HEADS; k++) a[h][k] -= factor * a[p][k];
        }
    double off = 0;
    for (int h = 0; h < HEADS; h++) share[h] = a[h][HEADS] / a[h][h];
    for (int row = 0; row < CHANNELS * HEAD_DIM; row++) {
        int i = row / HEAD_DIM, c = row % HEAD_DIM;
        double sum = -at(got, i, c);
        for (int h = 0; h < HEADS; h++) sum += share[h] * at(from, i, h * HEAD_DIM + c);
        off = fmax(off, fabs(sum));
    }
    return off < 1e-4;
}

// What each head's share of a group came to, where no other rule is known.
static void contrast_group(Grade *g, Mat got, Mat from, int group, const int *group_of,
                           int size) {
    double share[HEADS];
    char says[120] = "";
    if (!shares_of(share, mat_cols(got, group * HEAD_DIM, HEAD_DIM), from)) return;
    bool other = false;
    for (int h = 0; h < HEADS; h++) {
        snprintf(says + strlen(says), sizeof says - strlen(says), " %.3g",
                 fabs(share[h]) < 1e-4 ? 0 : share[h]);
        other = other || fabs(share[h] - (group_of[h] == group) / (double)size) > 1e-3;
    }
    grade_contrast(
        g, other, "only-other-shares",
        "right where it is a sum of heads, but group %d has of the heads 0 to 5 "
        "the shares%s: each head of the group should have %.3g, the others 0",
        group, says, 1.0 / size);
}

static void contrast_shares(Grade *g, bool right, const Projections *gqa,
                            const Projections *mha, const int *group_of, int size) {
    for (int group = 0; group < HEADS / size && !right; group++) {
        if (finite_mat(gqa->k))
            contrast_group(g, gqa->k, mha->k, group, group_of, size);
        if (finite_mat(gqa->v))
            contrast_group(g, gqa->v, mha->v, group, group_of, size);
    }
}

static bool means_right(Grade *g, const Projections *mha, int groups,
                        const int *group_of) {
    Projections gqa = convert(g, mha, groups, group_of);
    return are_means(&gqa, mha, groups, group_of, MEAN_RIGHT);
}

// The simpler groups in which W_K and W_V are right.
static void contrast_means(Grade *g, bool right, const Projections *mha,
                           bool scattered) {
    static const int in_turn[HEADS] = {0, 1, 2, 3, 4, 5};
    if (right) return;
    if (scattered)
        grade_contrast(g, means_right(g, mha, 3, IN_ROWS), "only-neighbours",
                       "right where the heads of a group are neighbours, 0 0 1 1 2 2: "
                       "is each head's group read from group_of, or counted?");
    else
        grade_contrast(
            g, means_right(g, mha, 3, IN_ROWS), "only-two-heads",
            "right for groups of two heads, wrong for three: does every head "
            "of a group have the same share, 1 / size?");
    grade_contrast(g, means_right(g, mha, HEADS, in_turn), "only-single",
                   "right for groups of one head: how do several heads of a group come "
                   "together, and what divides them?");
}

static void check_gqa_neighbours(Grade *g, const Projections *mha) {
    Projections gqa = convert(g, mha, 2, NEIGHBOURS);
    grade_mistake(g, are_means(&gqa, mha, 2, EVERY_OTHER, MEAN_RIGHT), "interleaved",
                  "interleaved groups, head %% groups: group_of says 0 0 0 1 1 1, "
                  "heads 0, 1, 2 are group 0");
    grade_mistake(
        g, are_means(&gqa, mha, 2, NEIGHBOURS, MEAN_SUM), "sum",
        "the sum of a group's projections: divide by its size, or scores grow with it");
    grade_mistake(g, are_means(&gqa, mha, 2, NEIGHBOURS, MEAN_FIRST), "first-head",
                  "the first head of each group was kept: the others' keys and values "
                  "are thrown away");
    grade_mistake(g, are_means(&gqa, mha, 2, NEIGHBOURS, MEAN_COLUMNS), "columns",
                  "neighbouring columns were averaged: channel c of a group is the "
                  "mean of its heads' channels c");
    recognise_means(g, &gqa, mha);
    bool right =
        expect_means(g, 4, "0 0 0 1 1 1: W_K or W_V", &gqa, mha, 2, NEIGHBOURS);
    contrast_shares(g, right, &gqa, mha, NEIGHBOURS, 3);
    contrast_means(g, right, mha, false);
}

static void check_gqa_scattered(Grade *g, const Projections *mha) {
    Projections gqa = convert(g, mha, 3, SCATTERED);
    grade_mistake(g, are_means(&gqa, mha, 3, IN_ROWS, MEAN_RIGHT), "neighbours",
                  "groups of neighbours, though group_of says 2 0 1 1 2 0: heads 1 and "
                  "5 are group 0");
    bool k_rows = near_mat(gqa.k, group_means(mha->k, 3, IN_ROWS, MEAN_RIGHT),
                           mean_tolerance()),
         v_rows = near_mat(gqa.v, group_means(mha->v, 3, IN_ROWS, MEAN_RIGHT),
                           mean_tolerance());
    grade_mistake(
        g, k_rows || v_rows, "neighbours",
        "%s has groups of neighbours, though group_of says 2 0 1 1 2 0: heads "
        "1 and 5 are group 0",
        v_rows ? "W_V" : "W_K");
    bool right = expect_means(g, 4, "2 0 1 1 2 0: W_K or W_V", &gqa, mha, 3, SCATTERED);
    contrast_shares(g, right, &gqa, mha, SCATTERED, 2);
    contrast_means(g, right, mha, true);
}

// Which of mha's heads stands at each place of gqa's W_Q or W_O; -1: none of them.
typedef struct {
    int head[HEADS];
} Order;

static Order order_of(Mat got, Mat from, bool rows, double tolerance) {
    Order o;
    for (int place = 0; place < HEADS; place++) {
        o.head[place] = -1;
        for (int h = 0; h < HEADS; h++) {
            int here = place * HEAD_DIM, there = h * HEAD_DIM;
            Mat a =
                rows ? mat_rows(got, here, HEAD_DIM) : mat_cols(got, here, HEAD_DIM);
            Mat b = rows ? mat_rows(from, there, HEAD_DIM)
                         : mat_cols(from, there, HEAD_DIM);
            if (near_mat(a, b, tolerance)) o.head[place] = h;
        }
    }
    return o;
}

// Each head once, and beside its group.
static bool order_serves(const Order *o, int groups, const int *group_of) {
    int seen = 0;
    for (int place = 0; place < HEADS; place++) {
        int h = o->head[place];
        if (h < 0 || group_of[h] != place / (HEADS / groups)) return false;
        seen |= 1 << h;
    }
    return seen == (1 << HEADS) - 1;
}

static Order inverse_of(const Order *o) {
    Order inverse;
    for (int place = 0; place < HEADS; place++) inverse.head[place] = -1;
    for (int place = 0; place < HEADS; place++)
        if (o->head[place] >= 0) inverse.head[o->head[place]] = place;
    return inverse;
}

// Heads beside their groups, but groups interleaved: places g, g + groups, ...
static bool is_strided(const Order *o, int groups, const int *group_of) {
    int seen = 0;
    for (int place = 0; place < HEADS; place++) {
        int h = o->head[place];
        if (h < 0 || group_of[h] != place % groups) return false;
        seen |= 1 << h;
    }
    return seen == (1 << HEADS) - 1;
}

static bool is_inverse(const Order *o, int groups, const int *group_of) {
    Order inverse = inverse_of(o);
    return !order_serves(o, groups, group_of)
           && order_serves(&inverse, groups, group_of);
}

// gqa's K and V are float means, off by 2^-22 of a number below 2: a key by 20 times
// that (|x|_1 < 20), a score by 5 times a key, a weight relatively by twice a score,
// and the output is a sum of WIDE such values and weights.
static double layer_tolerance(void) { return 20 * 2 * 0x1p-22 * (2 * 5 + 1) * WIDE; }

// The heads' places count by themselves: K and V are the right means here.
static Projections with_right_means(const Projections *gqa, const Projections *mha,
                                    int groups, const int *group_of) {
    return (Projections){gqa->q, group_means(mha->k, groups, group_of, MEAN_RIGHT),
                         group_means(mha->v, groups, group_of, MEAN_RIGHT), gqa->o};
}

// Heads that are nowhere, though others were moved, and the first place that holds
// none. false: not so.
static bool heads_lost(const Order *o, int *head, int *place) {
    int seen = 0;
    *head = *place = -1;
    for (int p = 0; p < HEADS; p++) {
        if (o->head[p] >= 0) seen |= 1 << o->head[p];
        else if (*place < 0) *place = p;
    }
    for (int h = HEADS - 1; h >= 0; h--)
        if (!(seen >> h & 1)) *head = h;
    return seen != 0 && *head >= 0 && *place >= 0;
}

static void recognise_lost(Grade *g, const Projections *gqa, const Order *q,
                           const Order *o) {
    int head, place;
    bool q_lost = !finite_mat(gqa->q) && heads_lost(q, &head, &place);
    if (!q_lost && !(!finite_mat(gqa->o) && heads_lost(o, &head, &place))) return;
    grade_mistake(
        g, true, "heads-collide",
        "%s: head %d is nowhere, and place %d was not written: did two heads go to one "
        "place? Head h's is group x size + how many of its group came before h",
        q_lost ? "W_Q" : "W_O", head, place);
}

// What is there is 1 / size, or 1 / groups, of what should be.
static bool is_shared_out(Mat got, Mat from, bool rows, int groups,
                          const int *group_of) {
    for (int divisor = 2; divisor <= HEADS; divisor++) {
        Mat times = kept_mat(got);
        mat_scale(times, (real)divisor);
        Order o = order_of(times, from, rows, mean_tolerance());
        mat_free(times);
        if (order_serves(&o, groups, group_of)) return true;
    }
    return false;
}

static void recognise_order(Grade *g, const Projections *gqa, const Projections *mha,
                            int groups, const int *group_of) {
    bool q_stays = near_mat(gqa->q, mha->q, 0), o_stays = near_mat(gqa->o, mha->o, 0);
    Order q = order_of(gqa->q, mha->q, false, 0), o = order_of(gqa->o, mha->o, true, 0);
    grade_mistake(g, q_stays && o_stays, "queries-stay",
                  "query heads stayed where they were: attend_heads gives head h the "
                  "key-value head h / size, so they must move beside their group");
    grade_mistake(g, q_stays, "q-stays",
                  "W_Q stayed as it was: a head moves with its columns of W_Q and its "
                  "rows of W_O");
    grade_mistake(g, o_stays, "o-stays",
                  "W_O stayed as it was: a head's output comes at its new place, its "
                  "rows of W_O must move along");
    bool q_divided = is_shared_out(gqa->q, mha->q, false, groups, group_of);
    grade_mistake(g, q_divided || is_shared_out(gqa->o, mha->o, true, groups, group_of),
                  "divided-too",
                  "%s was divided too: only keys and values are means, query heads and "
                  "their rows of W_O stay as they are",
                  q_divided ? "W_Q" : "W_O");
    grade_mistake(g, queries_averaged(gqa), "queries-averaged",
                  "the queries were averaged too: a group shares keys and values only");
    grade_mistake(
        g,
        groups < HEADS
            && (is_strided(&q, groups, group_of) || is_strided(&o, groups, group_of)),
        "groups-interleaved",
        "the heads of a group stand `groups` places apart: attend_heads gives head "
        "h the key-value head h / size, so they stand side by side");
    recognise_lost(g, gqa, &q, &o);
    grade_mistake(
        g, !finite_mat(gqa->q) || !finite_mat(gqa->o), "not-written",
        "%s was not written, or not all of it: all four of gqa's matrices are =",
        finite_mat(gqa->q) ? "W_O" : "W_Q");
    bool both =
        order_serves(&q, groups, group_of) && order_serves(&o, groups, group_of);
    grade_mistake(
        g, both && memcmp(&q, &o, sizeof q) != 0, "orders-differ",
        "the heads of W_Q and of W_O stand in different orders: a head moves with "
        "both");
    bool q_inverse = is_inverse(&q, groups, group_of),
         o_inverse = is_inverse(&o, groups, group_of);
    grade_mistake(g, q_inverse || o_inverse, "inverse-order",
                  "%s moved by the inverse permutation: where head h goes is not which "
                  "head comes to place h",
                  q_inverse && o_inverse ? "query heads"
                  : q_inverse            ? "W_Q"
                                         : "W_O");
}

// The simpler groups in which the heads of W_Q and W_O stand where they should.
static void contrast_layer(Grade *g, bool right, const Projections *mha) {
    static const int turned[HEADS] = {1, 1, 1, 0, 0, 0};
    static const struct {
        int groups;
        const int *group_of;
        const char *code, *says;
    } cases[] = {
        {2, turned, "only-turned",
         "right for 1 1 1 0 0 0, where heads move but stay neighbours: which place has "
         "each head of a group that is scattered?"},
        {3, IN_ROWS, "only-neighbours",
         "right for 0 0 1 1 2 2, where no head moves: which head comes to which "
         "place?"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases && !right; i++) {
        Projections gqa = convert(g, mha, cases[i].groups, cases[i].group_of);
        Order q = order_of(gqa.q, mha->q, false, 0),
              o = order_of(gqa.o, mha->o, true, 0);
        bool serves = order_serves(&q, cases[i].groups, cases[i].group_of)
                      && memcmp(&q, &o, sizeof q) == 0;
        grade_contrast(g, serves, cases[i].code, "%s", cases[i].says);
    }
}

static void check_gqa_layer(Grade *g, const Projections *mha, Mat x) {
    Projections gqa = convert(g, mha, 3, SCATTERED),
                means = with_means(mha, 3, SCATTERED);
    recognise_order(g, &gqa, mha, 3, SCATTERED);
    gqa = with_right_means(&gqa, mha, 3, SCATTERED);
    bool right =
        grade_near_mat(g, 6, "2 0 1 1 2 0: the output of the layer", layer(x, &gqa, 3),
                       layer(x, &means, HEADS), layer_tolerance());
    contrast_layer(g, right, mha);
}

static void check_gqa_single(Grade *g, const Projections *mha, Mat x) {
    Projections gqa = convert(g, mha, HEADS, SINGLE);
    recognise_order(g, &gqa, mha, HEADS, SINGLE);
    gqa = with_right_means(&gqa, mha, HEADS, SINGLE);
    grade_near_mat(g, 1, "groups of one head: the output of the layer",
                   layer(x, &gqa, HEADS), layer(x, mha, HEADS), layer_tolerance());
}

void check_gqa(Grade *g) {
    Rng rng = rng_new(41);
    Projections mha = projections_random(&rng);
    Mat x = random_mat(&rng, 5, CHANNELS);
    grade_part(g, check_gqa_neighbours(g, &mha));
    grade_part(g, check_gqa_scattered(g, &mha));
    grade_part(g, check_gqa_layer(g, &mha, x));
    grade_part(g, check_gqa_single(g, &mha, x));
}
