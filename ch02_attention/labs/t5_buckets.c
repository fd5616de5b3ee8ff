// T5's buckets of distances. Lecture, section 2.9.
//
// The bucket is read off position_bias itself: a table whose value in bucket b is b.
#include <math.h>
#include <stdlib.h>

#include "ch02_attention/position.h"
#include "common/program/plot.h"

enum { BUCKETS = 32, FURTHEST = 128, MOST = 512 };

typedef struct {
    int distance, bucket;
} Known;

// bucket[MOST + s] of distance s = query - key, s = -MOST .. MOST.
static void read_buckets(double *bucket, bool causal) {
    Mat table = mat_new(1, BUCKETS), scores = mat_new(1, 2 * MOST + 1);
    for (int b = 0; b < BUCKETS; b++) *mat_at(table, 0, b) = (real)b;
    Position p = position_new_t5(table, FURTHEST, causal);
    position_bias(&p, 0, scores, MOST, 0);  // key j is at distance MOST - j
    for (int s = -MOST; s <= MOST; s++) bucket[MOST + s] = *mat_at(scores, 0, MOST - s);
    position_free(&p);
    mat_free(table), mat_free(scores);
}

static void claim_known(Lab *lab, const double *bucket, const Known *known, int count,
                        const char *what) {
    int differing = 0;
    for (int i = 0; i < count; i++)
        differing += bucket[MOST + known[i].distance] != known[i].bucket;
    claim_equal(lab, "2.54", what, 0, differing);
}

// The first distance of bucket b, from the formula turned round: (n/2) (furthest /
// (n/2))^((b - n/2) / (n/2)), up.
static int first_distance(int b, int buckets) {
    double half = buckets / 2.0;
    return b <= half ? b
                     : (int)ceil(half * pow(FURTHEST / half, (b - half) / half) - 1e-9);
}

static void claim_edges(Lab *lab, const double *bucket, int buckets, const char *what) {
    int differing = 0;
    for (int b = 1; b < buckets; b++) {
        int s = first_distance(b, buckets);
        differing += bucket[MOST + s] != b || bucket[MOST + s - 1] != b - 1;
    }
    claim_equal(lab, "2.55", what, 0, differing);
}

static void run(Lab *lab) {
    // Distances are query - key; the library's relative position is the opposite.
    static const Known causal[] = {{0, 0},    {15, 15},  {16, 16},  {31, 21}, {64, 26},
                                   {112, 30}, {113, 31}, {500, 31}, {-5, 0}};
    static const Known both[] = {{1, 1},   {8, 8},     {128, 15},
                                 {-1, 17}, {-128, 31}, {0, 0}};
    double back[2 * MOST + 1], around[2 * MOST + 1];
    read_buckets(back, true);
    read_buckets(around, false);
    claim_known(lab, back, causal, (int)(sizeof causal / sizeof *causal),
                "causal: known buckets that differ");
    claim_known(lab, around, both, (int)(sizeof both / sizeof *both),
                "both ways: known buckets that differ");
    claim_edges(lab, back, BUCKETS,
                "causal: buckets that begin elsewhere than the formula");
    claim_edges(lab, around, BUCKETS / 2,
                "both ways: the same, of the half that looks back");
    // What a bucket cannot tell apart: 512 and 113 steps back are one place; so is
    // everything ahead when causal.
    claim_equal(lab, "2.56", "causal: bucket(512) - bucket(113)", 0,
                (long long)(back[2 * MOST] - back[MOST + 113]));
    Plot *p =
        plot_new(lab, "t5_buckets", "distance causal both causal_formula both_formula");
    for (int s = -160; s <= 160; s++) {
        int b = 0, c = 0, size = abs(s);
        while (b + 1 < BUCKETS && first_distance(b + 1, BUCKETS) <= size) b++;
        while (c + 1 < BUCKETS / 2 && first_distance(c + 1, BUCKETS / 2) <= size) c++;
        plot_row(p, s, s % 4 ? NAN : back[MOST + s], s % 4 ? NAN : around[MOST + s],
                 s < 0 ? 0 : b, s < 0 ? c + BUCKETS / 2 : c);
    }
    plot_axes(p, "query - key", "bucket");
    plot_series(p,
                "using \"distance\":\"causal_formula\" with steps linewidth 2 "
                "linecolor \"#0072b2\" title \"formula, "
                "causal\"");
    plot_series(p,
                "using \"distance\":\"both_formula\" with steps linewidth 2 linecolor "
                "\"#d55e00\" title \"formula, "
                "both ways\"");
    plot_points(p, "distance", "causal", "read off the bias, causal");
    plot_points(p, "distance", "both", "both ways");
    plot_end(p);
}

const LabSpec lab_t5_buckets = {"t5-buckets", "2.9",
                                "T5: a number for each bucket of distances", run, NULL};
