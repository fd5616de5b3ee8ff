// Near-duplicates: how well k numbers tell a similarity, and which pairs bands find.
// Lecture, section 4.18.
//
//     P(equal) = J,   Var(share of k) = J (1 - J) / k,   P(candidate) = 1 - (1 - J^r)^b
#include "ch04_pretrain/near_duplicates.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch04_pretrain/lsh.h"
#include "ch04_pretrain/minhash.h"
#include "common/numeric/mean.h"
#include "common/program/plot.h"

enum { SIZE = 60, NUMBERS = 100, POINTS = 9, BANDINGS = 3 };

static const Option options[] = {
    {"pairs", "1500", "of sets, for each similarity, some 0.1 ms each"}, {0}};

// rows x bands = NUMBERS each.
static const int rows_of[BANDINGS] = {2, 5, 20};
static int bands_of(int i) { return NUMBERS / rows_of[i]; }

// ---- pairs of sets with a known similarity

// Two sets of random elements with `both` in common, SIZE together: J = both / SIZE.
static void pair_of(Rng *rng, int both, uint64_t *a, uint64_t *b, Shingles sets[2]) {
    int alone = (SIZE - both) / 2;
    for (int i = 0; i < both; i++) a[i] = b[i] = rng_bits(rng);
    for (int i = both; i < both + alone; i++)
        a[i] = rng_bits(rng), b[i] = rng_bits(rng);
    sets[0] = (Shingles){a, (size_t)(both + alone)};
    sets[1] = (Shingles){b, (size_t)(both + alone)};
}

typedef struct {
    double similarity;
    Mean share, once;            // of equal numbers: k functions, one function k times
    double square, square_once;  // sum of (share - J)^2
    double found[BANDINGS];      // pairs that are candidates
} Point;

static bool is_candidate(const uint64_t *a, const uint64_t *b, int rows, int bands) {
    for (int band = 0; band < bands; band++) {
        int r = 0;
        while (r < rows && a[band * rows + r] == b[band * rows + r]) r++;
        if (r == rows) return true;
    }
    return false;
}

static void add_pair(Point *p, Rng *rng, int both) {
    uint64_t a[SIZE], b[SIZE], of_a[NUMBERS], of_b[NUMBERS], one[NUMBERS];
    Shingles sets[2];
    pair_of(rng, both, a, b, sets);
    uint64_t *seeds = minhash_seeds(rng, NUMBERS);
    rng_bits(rng);  // other functions for the next pair
    minhash_sign(of_a, &sets[0], seeds, NUMBERS);
    minhash_sign(of_b, &sets[1], seeds, NUMBERS);
    double share = minhash_similarity(of_a, of_b, NUMBERS);
    mean_add(&p->share, share), p->square += pow(share - p->similarity, 2);
    for (int i = 0; i < BANDINGS; i++)
        p->found[i] += is_candidate(of_a, of_b, rows_of[i], bands_of(i));
    for (int i = 0; i < NUMBERS; i++) one[i] = seeds[0];
    minhash_sign(of_a, &sets[0], one, NUMBERS),
        minhash_sign(of_b, &sets[1], one, NUMBERS);
    share = minhash_similarity(of_a, of_b, NUMBERS);
    mean_add(&p->once, share), p->square_once += pow(share - p->similarity, 2);
    free(seeds);
}

// ---- claims

// A square of (share - J) varies by some sqrt(2) of its mean, as a normal variable's does;
// that of a share that is 0 or 1 by less than 1 / sqrt(mean).
static void claim_similarity(Lab *lab, const Point *p, double pairs) {
    double j = p->similarity, variance = j * (1 - j) / NUMBERS;
    char what[80];
    snprintf(what, sizeof what, "J = %.2f: share of equal numbers", j);
    claim_near(lab, "4.104", what, j, mean_of(p->share), 5 * mean_error(p->share));
    snprintf(what, sizeof what, "J = %.2f: variance, J (1 - J) / 100", j);
    claim_near(lab, "4.105", what, variance, p->square / pairs,
               5 * variance * sqrt(2 / pairs));
    snprintf(what, sizeof what, "J = %.2f: one function 100 times: J (1 - J)", j);
    claim_near(lab, "4.106", what, j * (1 - j), p->square_once / pairs,
               5 * sqrt(j * (1 - j) / pairs));
}

static void claim_bands(Lab *lab, const Point *p, double pairs) {
    char what[80];
    for (int i = 0; i < BANDINGS; i++) {
        double expected = lsh_curve(p->similarity, rows_of[i], bands_of(i));
        snprintf(what, sizeof what, "J = %.2f, %d bands of %d: candidates",
                 p->similarity, bands_of(i), rows_of[i]);
        claim_near(lab, "4.107", what, expected, p->found[i] / pairs,
                   5 * sqrt(expected * (1 - expected) / pairs) + 1 / pairs);
    }
}

static void claim_threshold(Lab *lab) {
    double s = lsh_threshold(5, 20);
    // 1 - (1 - 1/b)^b rises to 1 - 1/e from above; two digits are what the text says
    claim_near(lab, "4.107", "threshold of 20 bands of 5", 0.549, s, 5e-4);
    claim_near(lab, "4.107", "P(candidate) there", 1 - pow(0.95, 20),
               lsh_curve(s, 5, 20), 1e-12);
}

// ---- the lab

static void draw(Lab *lab, const Point *points, double pairs) {
    Plot *p = plot_new(lab, "near_duplicates", "s c2 c5 c20 at f2 f5 f20");
    for (int i = 0; i <= 100; i++) {
        double s = i / 100.0;
        const Point *q = i < POINTS ? &points[i] : NULL;
        plot_row(p, s, lsh_curve(s, 2, 50), lsh_curve(s, 5, 20), lsh_curve(s, 20, 5),
                 q ? q->similarity : NAN, q ? q->found[0] / pairs : NAN,
                 q ? q->found[1] / pairs : NAN, q ? q->found[2] / pairs : NAN);
    }
    plot_axes(p, "similarity of two documents", "P(they are compared)");
    plot_set(p, "yrange [0:1.05]");
    plot_line(p, "s", "c2", "50 bands of 2");
    plot_line(p, "s", "c5", "20 bands of 5");
    plot_line(p, "s", "c20", "5 bands of 20");
    plot_points(p, "at", "f2", "pairs found"), plot_points(p, "at", "f5", "");
    plot_points(p, "at", "f20", "");
    plot_end(p);
}

static void run(Lab *lab) {
    long pairs = option_int(&lab->args, "pairs", 100, 1000000);
    Point points[POINTS] = {0};
    for (int i = 0; i < POINTS; i++) {
        int both = (i + 1) * SIZE / (POINTS + 1);
        points[i].similarity = (double)both / SIZE;
        for (long n = 0; n < pairs; n++) add_pair(&points[i], &lab->rng, both);
        lab_progress(lab, i + 1, POINTS);
    }
    for (int i = 1; i < POINTS; i += 3)
        claim_similarity(lab, &points[i], (double)pairs);
    for (int i = 2; i < POINTS; i += 3) claim_bands(lab, &points[i], (double)pairs);
    claim_threshold(lab);
    draw(lab, points, (double)pairs);
}

const LabSpec lab_near_duplicates = {"near-duplicates", "4.18",
                                     "Which pairs bands of MinHash find", run, options};
