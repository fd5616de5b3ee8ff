// RoPE's scores know the distance only, whichever way the pairs lie in memory.
// Lecture, section 2.6.
//
// The same q and k at positions (m, m + s), moved together by up to 10^4. In double the
// score does not move; with the angle m theta computed in float it does, in proportion
// to m, which is why the tables are computed in double.
#include <math.h>
#include <stdlib.h>

#include "ch02_attention/labs/turned.h"
#include "common/error.h"
#include "common/program/plot.h"

enum { FURTHEST = 10000, DISTANCE = 100, PAIRS = 32 };

static const Option options[] = {
    {"dim", "64", "head dimension"}, {"base", "10000", "base of the angles"}, {0}};

typedef struct {
    Rope rope;
    int dim;
    double *theta;
    Mat q, k;  // PAIRS x d
    Position tables;
} Setting;

// sum_i |q_i| |k_i|, what rounding errors of a score are proportional to.
static double size_of(const Setting *set, int pair) {
    double size = 0;
    for (int i = 0; i < set->dim; i += 2)
        size += hypot(*mat_at(set->q, pair, i), *mat_at(set->q, pair, i + 1))
                * hypot(*mat_at(set->k, pair, i), *mat_at(set->k, pair, i + 1));
    return size;
}

// The mean of theta_i, weighted by |q_i| |k_i|, of the pair where it is largest.
static double mean_theta(const Setting *set) {
    double largest = 0;
    for (int pair = 0; pair < PAIRS; pair++) {
        double sum = 0;
        for (int i = 0; i < set->dim; i += 2)
            sum += set->theta[i / 2]
                   * hypot(*mat_at(set->q, pair, i), *mat_at(set->q, pair, i + 1))
                   * hypot(*mat_at(set->k, pair, i), *mat_at(set->k, pair, i + 1));
        largest = nan_max(largest, sum / size_of(set, pair));
    }
    return largest;
}

// An angle m theta is rounded to m theta u: m and m + s here, s when nothing was moved.
// (theta itself is rounded, too, but to the same number at both ends.) After it,
// sines, products and sums: some 40 roundings.
static double angle_bound(const Setting *set, int m, double u) {
    return (2.0 * (m + DISTANCE) * mean_theta(set) + 40) * u;
}

static double definition(const Setting *set, int pair, double m, double n) {
    double *q = allocate(2 * (size_t)set->dim, sizeof *q), *k = q + set->dim;
    for (int i = 0; i < set->dim; i++)
        q[i] = *mat_at(set->q, pair, i), k[i] = *mat_at(set->k, pair, i);
    double score = rope_score(q, k, m, n, set->theta, set->dim);
    free(q);
    return score;
}

static double turned_score(const Setting *set, int pair, int m, int n) {
    Mat q = mat_new(1, set->dim), k = mat_new(1, set->dim);
    mat_copy(q, mat_rows(set->q, pair, 1)), mat_copy(k, mat_rows(set->k, pair, 1));
    position_turn(&set->tables, q, 1, m, false),
        position_turn(&set->tables, k, 1, n, true);
    double score = row_dot(q, k);
    mat_free(q), mat_free(k);
    return score;
}

// What a program gets that computes m * theta in float (and everything after it in
// double).
static double float_angle_score(const Setting *set, int pair, int m, int n) {
    double score = 0;
    for (int i = 0; i < set->dim / 2; i++) {
        float theta = (float)set->theta[i];
        double a = (double)((float)m * theta), b = (double)((float)n * theta);
        double x = *mat_at(set->q, pair, 2 * i), y = *mat_at(set->q, pair, 2 * i + 1);
        double u = *mat_at(set->k, pair, 2 * i), v = *mat_at(set->k, pair, 2 * i + 1);
        score += (x * cos(a) - y * sin(a)) * (u * cos(b) - v * sin(b))
                 + (x * sin(a) + y * cos(a)) * (u * sin(b) + v * cos(b));
    }
    return score;
}

// Largest change of any pair's score, over its size, when both positions move from 0 to
// m.
typedef double Score(const Setting *, int pair, int m, int n);
static double drift(const Setting *set, Score *score, int m) {
    double worst = 0;
    for (int pair = 0; pair < PAIRS; pair++)
        worst = nan_max(worst, fabs(score(set, pair, m, m + DISTANCE)
                                    - score(set, pair, 0, DISTANCE))
                                   / size_of(set, pair));
    return worst;
}

static double exact_score(const Setting *set, int pair, int m, int n) {
    return definition(set, pair, m, n);
}

// Over all m on a grid. In float: two scores' rounding.
static void claim_relative(Lab *lab, const Setting *set) {
    double in_double = 0, in_float = 0, norms = 0;
    for (int m = 0; m <= FURTHEST; m += 250) {
        in_double = nan_max(in_double, drift(set, exact_score, m));
        in_float = nan_max(in_float, drift(set, turned_score, m));
    }
    Mat q = mat_new(1, set->dim);
    for (int pair = 0; pair < PAIRS; pair++)
        for (int m = 1; m <= FURTHEST; m *= 10) {
            mat_copy(q, mat_rows(set->q, pair, 1));
            double before = row_dot(q, q);
            position_turn(&set->tables, q, 1, m, false);
            norms = nan_max(norms, fabs(row_dot(q, q) / before - 1));
        }
    mat_free(q);
    claim_near(lab, "2.23", "<R_m q, R_n k>, m up to 10^4: drift, in double", 0,
               in_double, angle_bound(set, FURTHEST, 0x1p-53));
    claim_near(lab, "2.23", "the same, turned in float by double's tables", 0, in_float,
               2 * TURN_ERROR);
    claim_near(lab, "2.24", "|R_m q|^2 / |q|^2 - 1, largest, in float", 0, norms,
               TURN_ERROR);
}

// The bound is reached where all angles are rounded the same way; random ones stay
// below. The drift grows with m: 1000 times the position is, with 8 positions at either
// end and 32 pairs, far more than 20 times the largest drift.
static void claim_float_angles(Lab *lab, const Setting *set) {
    double near = 0, far = 0;
    for (int m = 1; m <= 8; m++) {
        near = nan_max(near, drift(set, float_angle_score, m));
        far = nan_max(far, drift(set, float_angle_score, FURTHEST - 8 + m));
    }
    claim_at_most(lab, "2.25", "angles in float, m near 10^4: drift",
                  angle_bound(set, FURTHEST, 0x1p-24), far);
    if (set->dim >= 16)  // with two or three angles, chance may round both ends alike
        claim_at_least(lab, "2.25", "drift near m = 10^4 / drift near m = 1", 20,
                       far / near);
}

// The two pairings on the same weights: permuted q and k give the same score; permuting
// one only is another function.
static void claim_pairings(Lab *lab, const Setting *set) {
    Rope rope = set->rope;
    rope.pairing = ROPE_HALF_SPLIT;
    Position half = position_new_rope(rope, FURTHEST + DISTANCE + 1);
    Mat q = mat_new(PAIRS, set->dim), k = mat_new(PAIRS, set->dim);
    rope_half_from_interleaved(q, set->q, 1);
    rope_half_from_interleaved(k, set->k, 1);
    Setting permuted = *set, mixed = *set;
    permuted.q = q, permuted.k = k, permuted.tables = half;
    mixed.tables = half;  // q and k as they were made for interleaved pairs
    double same = 0, other = 0;
    for (int pair = 0; pair < PAIRS; pair++) {
        double score = turned_score(set, pair, 7, 7 + DISTANCE),
               size = size_of(set, pair);
        same = nan_max(
            same, fabs(turned_score(&permuted, pair, 7, 7 + DISTANCE) - score) / size);
        other = nan_max(
            other, fabs(turned_score(&mixed, pair, 7, 7 + DISTANCE) - score) / size);
    }
    claim_near(lab, "2.26", "half-split, q and k permuted: difference", 0, same,
               2 * TURN_ERROR);
    // Two unrelated scores of 32 random pairs: the largest difference is of a score's
    // order, size/sqrt(d).
    claim_at_least(lab, "2.26", "half-split, not permuted: difference", 0.02, other);
    mat_free(q), mat_free(k);
    position_free(&half);
}

static void draw(Lab *lab, const Setting *set) {
    Plot *p =
        plot_new(lab, "rope_relativity",
                 "position double_drift table_drift float_drift float_line table_line");
    for (int m = 1; m <= FURTHEST; m = m * 5 / 4 + 1) {
        double exact = drift(set, exact_score, m);
        plot_row(p, m, exact > 0 ? exact : NAN, drift(set, turned_score, m),
                 drift(set, float_angle_score, m), angle_bound(set, m, 0x1p-24),
                 2 * TURN_ERROR);
    }
    plot_title(p, "RoPE: how far a score drifts when both positions move by m");
    plot_axes(p, "m", "drift / sum |q_i| |k_i|");
    plot_set(p, "logscale xy");
    plot_set(p, "format y \"10^{%%T}\"");
    plot_line(p, "position", "float_line", "bound for angles in float");
    plot_line(p, "position", "table_line", "bound for the tables");
    plot_points(p, "position", "float_drift", "angle computed in float");
    plot_points(p, "position", "table_drift", "float numbers, double angles");
    plot_points(p, "position", "double_drift", "all in double");
    plot_end(p);
}

static void run(Lab *lab) {
    // At d = 2 both pairings are one, and m theta = m has no rounding.
    int dim = (int)option_int(&lab->args, "dim", 4, 1024);
    if (dim % 2)
        die("--dim %d: expected an even number, since RoPE turns numbers in pairs",
            dim);
    double base = option_real(&lab->args, "base", 1, 1e12);
    if (!(base > 1)) die("--base %g: expected a number above 1", base);
    Rng rng = lab->rng;
    Rope rope = {.dim = dim, .base = base};
    Setting set = {rope,
                   dim,
                   allocate((size_t)dim / 2, sizeof(double)),
                   mat_new(PAIRS, dim),
                   mat_new(PAIRS, dim),
                   position_new_rope(rope, FURTHEST + DISTANCE + 1)};
    rope_frequencies(set.theta, &rope);
    rng_fill_normal(&rng, set.q, 1), rng_fill_normal(&rng, set.k, 1);
    claim_relative(lab, &set);
    claim_float_angles(lab, &set);
    claim_pairings(lab, &set);
    draw(lab, &set);
    mat_free(set.q), mat_free(set.k), position_free(&set.tables);
    free(set.theta);
}

const LabSpec lab_rope_relativity = {
    "rope-relativity", "2.6", "RoPE: a score knows the distance only", run, options};
