// Three ways to stretch RoPE's angles. Lecture, section 2.8.
//
// theta'_i is read off vectors that were turned by one position: the angle of each
// point.
#include <math.h>
#include <stdlib.h>

#include "ch02_attention/labs/turned.h"
#include "common/error.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"dim", "128", "head dimension"},
    {"base", "10000", "base of the angles"},
    {"trained", "2048", "L: positions the model was trained on"},
    {"factor", "8", "F: how far to stretch them"},
    {0}};

enum { KINDS = 4, LONGEST = 64 };

// ratio[i] = theta'_i / theta_i as a turn by one position shows it. Sine and cosine are
// rounded, 2 u in the angle.
static void measure(double *ratio, Rope rope, double *length) {
    Position p = position_new_rope(rope, 2);
    Mat x = mat_new(1, rope.dim);
    for (int i = 0; i < rope.dim; i += 2) *mat_at(x, 0, i) = 1;
    position_turn(&p, x, 1, 1, false);
    for (int i = 0; i < rope.dim / 2; i++)
        ratio[i] = atan2(*mat_at(x, 0, 2 * i + 1), *mat_at(x, 0, 2 * i))
                   / rope_theta(rope.base, rope.dim, i);
    *length = sqrt(row_dot(x, x) / (rope.dim / 2.0));
    mat_free(x), position_free(&p);
}

static double formula(const Rope *rope, int i) {
    double s = rope->factor,
           turns = rope->trained * rope_theta(rope->base, rope->dim, i) / (2 * M_PI);
    double keep = turns < 1 ? 0 : turns > 32 ? 1 : (turns - 1) / 31;
    switch (rope->scaling) {
        case ROPE_SCALING_NONE: return 1;
        case ROPE_SCALING_PI: return 1 / s;
        case ROPE_SCALING_NTK: return pow(s, -2.0 * i / (rope->dim - 2));
        case ROPE_SCALING_YARN: return (1 - keep) / s + keep;
        case ROPE_SCALINGS: break;
    }
    return NAN;
}

static void claim_formula(Lab *lab, const Rope *rope, const double *ratio,
                          const char *what) {
    double worst = 0;
    for (int i = 0; i < rope->dim / 2; i++)
        worst = nan_max(worst, fabs(ratio[i] / formula(rope, i) - 1));
    claim_near(lab, "2.44", what, 0, worst, 4 * 0x1p-24);
}

// The new base makes both ends what they should be: in double, pow is off by a few ulps
// of its exponent, ln b = 10.
static void claim_ntk(Lab *lab, Rope rope) {
    int half = rope.dim / 2;
    double *theta = allocate((size_t)half, sizeof *theta), s = rope.factor, worst = 0;
    rope.scaling = ROPE_SCALING_NTK;
    rope_frequencies(theta, &rope);
    double base = rope.base * pow(s, rope.dim / (rope.dim - 2.0));
    for (int i = 0; i < half; i++)
        worst = nan_max(worst, fabs(theta[i] / rope_theta(base, rope.dim, i) - 1));
    claim_near(lab, "2.45", "NTK: the first angle, theta'/theta", 1, theta[0], 1e-12);
    claim_near(lab, "2.45", "NTK: the last angle, theta'/theta", 1 / s,
               theta[half - 1] / rope_theta(rope.base, rope.dim, half - 1), 1e-12);
    claim_near(lab, "2.45", "NTK: angles of the base b F^(d/(d-2)), difference", 0,
               worst, 1e-12);
    free(theta);
}

// theta_i >= 2 pi r / L, at least r turns in training, for i <= (d/2) ln(L / (2 pi r))
// / ln b.
static int turning_at_least(const Rope *rope, double turns) {
    double last =
        rope->dim / 2.0 * log(rope->trained / (2 * M_PI * turns)) / log(rope->base);
    return last < 0 ? 0 : (int)fmin(rope->dim / 2.0, floor(last) + 1);
}

static void claim_yarn(Lab *lab, const Rope *rope, const double *ratio, double length) {
    int half = rope->dim / 2, stretched = 0, kept = 0;
    for (int i = 0; i < half; i++) {
        stretched += fabs(ratio[i] * rope->factor - 1) < 1e-6;
        kept += fabs(ratio[i] - 1) < 1e-6;
    }
    if (rope->factor > 1.01) {  // closer to 1, stretched and kept are the same
        claim_equal(lab, "2.46", "YaRN: angles stretched in full (under 1 turn)",
                    half - turning_at_least(rope, 1), stretched);
        claim_equal(lab, "2.46", "YaRN: angles in between",
                    turning_at_least(rope, 1) - turning_at_least(rope, 32),
                    half - stretched - kept);
        claim_equal(lab, "2.46", "YaRN: angles left alone (over 32 turns)",
                    turning_at_least(rope, 32), kept);
    }
    double temperature = 0.1 * log(rope->factor) + 1;
    claim_near(lab, "2.46", "YaRN: |turned q| / |q| = 0.1 ln F + 1", temperature,
               length, temperature * TURN_ERROR);
}

// PI at distance s x is the plain model at distance x: same angles, but for m theta's
// own rounding.
static void claim_interpolated(Lab *lab, Rope rope, Rng *rng) {
    int s = (int)rope.factor;
    if (s != rope.factor || s > 64) return;
    rope.scaling = ROPE_SCALING_NONE;
    Position plain = position_new_rope(rope, LONGEST + 1);
    rope.scaling = ROPE_SCALING_PI;
    Position stretched = position_new_rope(rope, LONGEST * s + 1);
    Mat q = mat_new(1, rope.dim);
    fill_unit_points(rng, q, ROPE_INTERLEAVED);
    double *at = allocate((size_t)LONGEST + 1, sizeof *at),
           *far = allocate((size_t)(LONGEST * s) + 1, sizeof *far), worst = 0;
    scores_by_distance(at, LONGEST + 1, &plain, q, q);
    scores_by_distance(far, LONGEST * s + 1, &stretched, q, q);
    for (int x = 0; x <= LONGEST; x++)
        worst = nan_max(worst, fabs(far[x * s] - at[x]) / (rope.dim / 2.0));
    claim_near(lab, "2.47", "PI at distance F x - plain at x, largest", 0, worst,
               2 * TURN_ERROR);
    free(at), free(far);
    mat_free(q), position_free(&plain), position_free(&stretched);
}

static Rope read_options(const Args *args) {
    Rope rope = {.dim = (int)option_int(args, "dim", 4, 1024),
                 .trained = (int)option_int(args, "trained", 1, 100000000)};
    if (rope.dim % 2)
        die("--dim %d: expected an even number, since RoPE turns numbers in pairs",
            rope.dim);
    rope.base = option_real(args, "base", 1, 1e12);
    if (!(rope.base > 1)) die("--base %g: expected a number above 1", rope.base);
    rope.factor = option_real(args, "factor", 1, 1e6);
    return rope;
}

static void run(Lab *lab) {
    Rope rope = read_options(&lab->args);
    Rng rng = lab->rng;
    int half = rope.dim / 2;
    double *ratio[KINDS], length[KINDS];
    static const char *const what[KINDS] = {
        "none: theta'/theta against its formula", "PI: theta'/theta against 1/F",
        "NTK: against F^(-2i/(d-2))", "YaRN: against its ramp"};
    for (int kind = 0; kind < KINDS; kind++) {
        rope.scaling = (RopeScaling)kind;
        ratio[kind] = allocate((size_t)half, sizeof(double));
        measure(ratio[kind], rope, &length[kind]);
        claim_formula(lab, &rope, ratio[kind], what[kind]);
    }
    claim_ntk(lab, rope);
    claim_yarn(lab, &rope, ratio[ROPE_SCALING_YARN], length[ROPE_SCALING_YARN]);
    claim_interpolated(lab, rope, &rng);
    Plot *p =
        plot_new(lab, "scaling", "i pi ntk yarn pi_formula ntk_formula yarn_formula");
    for (int i = 0; i < half; i++) {
        double row[7] = {i};
        for (int kind = 1; kind < KINDS; kind++) {
            rope.scaling = (RopeScaling)kind;
            row[kind] = ratio[kind][i], row[3 + kind] = formula(&rope, i);
        }
        plot_row_values(p, row);
    }
    plot_title(p, "Stretched angles by a factor F: PI, NTK-aware, YaRN");
    plot_axes(p, "plane i, from the fastest angle to the slowest",
              "theta'_i / theta_i");
    plot_set(p, "logscale y 2");
    plot_set(p, "yrange [%g:1.3]", 0.8 / rope.factor);
    plot_line(p, "i", "pi_formula", "1/F");
    plot_line(p, "i", "ntk_formula", "F^{-2i/(d-2)}");
    plot_line(p, "i", "yarn_formula", "YaRN's ramp");
    plot_points(p, "i", "pi", "position interpolation");
    plot_points(p, "i", "ntk", "NTK-aware");
    plot_points(p, "i", "yarn", "YaRN");
    plot_end(p);
    for (int kind = 0; kind < KINDS; kind++) free(ratio[kind]);
}

const LabSpec lab_scaling = {"scaling", "2.8", "Stretching RoPE: PI, NTK-aware, YaRN",
                             run, options};
