// How RoPE's scores fall with distance, and what a larger base changes.
// Lecture, section 2.7.
//
// Bound and cosine sum are computed from the angles; `measured` is scores of vectors
// that were really turned.
#include <complex.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ch02_attention/decay.h"
#include "ch02_attention/labs/turned.h"
#include "common/error.h"
#include "common/program/plot.h"

enum { MOST_BASES = 8, TRAINED = 2048, PAIRS = 16, TABLE = 9 };

static const Option options[] = {
    {"dim", "128", "head dimension"},
    {"base", "10000,500000", "base of the angles; several: B1,B2,..."},
    {"max", "4096", "largest distance"},
    {"scaling", "none", "none, pi, ntk or yarn (of a model trained on 2048 positions)"},
    {"factor", "8", "how far pi, ntk and yarn stretch the context"},
    {0}};

typedef struct {
    const char *name;  // the base as it was given, as a column's name
    Rope rope;
    double *theta, *cosine_sum, *bound;  // [dim/2], [max+1], [max+1]
} Curve;

typedef struct {
    Curve curves[MOST_BASES];
    int bases, half, max;
    double *measured;  // [max+1], the first base's
    bool plain;        // no scaling
} Decay;

// ---- options

// "10000,5e+5" gives the names "10000" and "5e5": letters, digits and underscores.
static void name_bases(Decay *d, const char *list) {
    for (int b = 0; b < d->bases; b++) {
        size_t length = strcspn(list, ","), n = 0;
        if (length > 32)
            die("--base %.*s: too long for the name of a column", (int)length, list);
        char *name = allocate(length + 1, 1);
        for (size_t i = 0; i < length; i++)
            if (list[i] != '+' && list[i] != ' ')
                name[n++] = list[i] == '.' || list[i] == '-' ? '_' : list[i];
        d->curves[b].name = name;
        list += length + (list[length] == ',');
    }
}

static Rope read_rope(const Args *args) {
    Rope rope = {.dim = (int)option_int(args, "dim", 2, 1024), .trained = TRAINED};
    if (rope.dim % 2)
        die("--dim %d: expected an even number, since RoPE turns numbers in pairs",
            rope.dim);
    rope.scaling = (RopeScaling)option_choice(args, "scaling", rope_scaling_names);
    rope.factor = option_real(args, "factor", 1, 1e6);
    if (rope.scaling == ROPE_SCALING_NTK && rope.dim < 4)
        die("--scaling ntk: expected --dim 4 or more");
    return rope;
}

static Decay read_options(Lab *lab) {
    const Args *args = &lab->args;
    Rope rope = read_rope(args);
    double bases[MOST_BASES];
    Decay d = {.bases = option_list(args, "base", bases, MOST_BASES, 1, 1e12),
               .half = rope.dim / 2};
    for (int b = 0; b < d.bases; b++) {
        if (!(bases[b] > 1)) die("--base %g: expected a number above 1", bases[b]);
        d.curves[b].rope = rope;
        d.curves[b].rope.base = bases[b];
    }
    d.max = (int)option_int(args, "max", 1, 1000000);
    if ((double)d.max * rope.dim > 0x1p28)
        die("--max %d with --dim %d: more than 2^28 numbers", d.max, rope.dim);
    d.plain = rope.scaling == ROPE_SCALING_NONE;
    name_bases(&d, option_text(args, "base"));
    return d;
}

// ---- curves

static double *distances_new(const Decay *d) {
    return allocate((size_t)d->max + 1, sizeof(double));
}

static void compute(Decay *d, Curve *c) {
    c->theta = allocate((size_t)d->half, sizeof(double));
    rope_frequencies(c->theta, &c->rope);
    c->cosine_sum = distances_new(d), c->bound = distances_new(d);
#pragma omp parallel for
    for (int s = 0; s <= d->max; s++) {
        c->cosine_sum[s] = rope_cosine_sum(c->theta, d->half, s);
        c->bound[s] = rope_decay_bound(c->theta, d->half, s);
    }
}

static void decay_free(Decay *d) {
    for (int b = 0; b < d->bases; b++) {
        Curve *c = &d->curves[b];
        free((char *)c->name), free(c->theta), free(c->cosine_sum), free(c->bound);
    }
    free(d->measured);
}

// ---- the table of values that were computed elsewhere (d = 128): three and five
// decimals

static const int table_distances[TABLE] = {0, 1, 8, 64, 250, 1024, 2048, 4096, 16384};
static const double table_bound[2][TABLE] = {
    {32.500, 31.538, 19.817, 10.090, 6.548, 4.024, 3.619, 4.883, 5.111},
    {32.500, 31.647, 22.500, 14.264, 11.434, 9.919, 7.707, 7.165, 4.833}};
static const double table_sum[2][TABLE] = {
    {1, .97021, .71438, .47688, .30706, .20444, .11928, -.05285, -.14228},
    {1, .97791, .79571, .60224, .44734, .47910, .34705, .38275, .13340}};

static int table_row(const Decay *d, const Curve *c) {
    if (!d->plain || d->half != 64) return -1;
    return c->rope.base == 1e4 ? 0 : c->rope.base == 5e5 ? 1 : -1;
}

// The tolerance is the table's own rounding.
static void claim_table(Lab *lab, const Decay *d, const Curve *c) {
    int row = table_row(d, c);
    if (row < 0) return;
    double of_bound = 0, of_sum = 0;
    for (int i = 0; i < TABLE && table_distances[i] <= d->max; i++) {
        int s = table_distances[i];
        of_bound = nan_max(of_bound, fabs(c->bound[s] - table_bound[row][i]));
        of_sum = nan_max(of_sum, fabs(c->cosine_sum[s] - table_sum[row][i]));
    }
    const char *const what[] = {"b = 10^4: bound, largest difference to the table",
                                "b = 5 10^5: bound, largest difference to the table",
                                "b = 10^4: C, largest difference to the table",
                                "b = 5 10^5: C, largest difference to the table"};
    claim_near(lab, "2.28", what[row], 0, of_bound, 0.5001e-3);
    claim_near(lab, "2.28", what[2 + row], 0, of_sum, 0.5001e-5);
}

// ---- turned vectors

// q = k with points of length 1; YaRN's temperature goes away in score / score(0).
// Twice the error of one score, and the points' own lengths are rounded.
static void claim_measured(Lab *lab, Decay *d, Rng *rng, const Position *p) {
    Mat q = mat_new(1, 2 * d->half);
    fill_unit_points(rng, q, p->spec.rope.pairing);
    d->measured = distances_new(d);
    scores_by_distance(d->measured, d->max + 1, p, q, q);
    double at_zero = d->measured[0], worst = 0;
    for (int s = 0; s <= d->max; s++) {
        d->measured[s] /= at_zero;
        worst = nan_max(worst, fabs(d->measured[s] - d->curves[0].cosine_sum[s]));
    }
    claim_near(lab, "2.29", "turned vectors, q = k: score/score(0) - C(s), largest", 0,
               worst, 3 * TURN_ERROR);
    mat_free(q);
}

// h_i = q_i conj(k_i), from the floats themselves.
static void products(double complex *h, Mat q, Mat k) {
    for (int i = 0; i < q.cols / 2; i++) {
        double complex a = *mat_at(q, 0, 2 * i) + I * *mat_at(q, 0, 2 * i + 1);
        double complex b = *mat_at(k, 0, 2 * i) + I * *mat_at(k, 0, 2 * i + 1);
        h[i] = a * conj(b);
    }
}

static void claim_random_bounded(Lab *lab, const Decay *d, Rng *rng, const Position *p,
                                 double temperature) {
    Mat q = mat_new(1, 2 * d->half), k = mat_new(1, 2 * d->half);
    double *scores = distances_new(d), worst = 0;
    double complex *h = allocate((size_t)d->half, sizeof *h);
    for (int pair = 0; pair < PAIRS; pair++) {
        rng_fill_normal(rng, q, 1), rng_fill_normal(rng, k, 1);
        scores_by_distance(scores, d->max + 1, p, q, k);
        products(h, q, k);
        double most =
            rope_largest_step(h, d->half) * d->half * temperature * temperature;
        for (int s = 0; s <= d->max; s++)
            worst = nan_max(worst, fabs(scores[s]) / (most * d->curves[0].bound[s]));
    }
    claim_at_most(lab, "2.30", "random q, k: |score| / bound, largest over s",
                  1 + 2 * TURN_ERROR, worst);
    mat_free(q), mat_free(k);
    free(scores), free(h);
}

// q = the h that attains the bound at s, k = 1. Off by the rounding of a score, 10 u
// sum |h_i|, over the bound.
static void claim_attained(Lab *lab, const Decay *d, const Position *p,
                           double temperature) {
    const Curve *c = &d->curves[0];
    Mat q = mat_new(1, 2 * d->half), k = mat_new(1, 2 * d->half);
    double *scores = distances_new(d), furthest = 1, tolerance = 0;
    double complex *h = allocate((size_t)d->half, sizeof *h);
    for (int i = 0; i < d->half; i++) *mat_at(k, 0, 2 * i) = 1;
    for (int s = 1; s <= d->max; s *= 4) {
        rope_bound_adversary(h, c->theta, d->half, s);
        double size = 0;
        for (int i = 0; i < d->half; i++) {
            *mat_at(q, 0, 2 * i) = (real)creal(h[i]),
                              *mat_at(q, 0, 2 * i + 1) = (real)cimag(h[i]);
            size += cabs(h[i]);
        }
        scores_by_distance(scores, s + 1, p, q, k);
        double bound = d->half * c->bound[s],
               ratio = scores[s] / (bound * temperature * temperature);
        if (!(fabs(ratio - 1) < fabs(furthest - 1)))
            furthest = isnan(furthest) ? furthest : ratio;
        tolerance = nan_max(tolerance, TURN_ERROR * size / bound);
    }
    claim_near(lab, "2.30", "q chosen against the bound: score / bound, at worst", 1,
               furthest, tolerance);
    mat_free(q), mat_free(k);
    free(scores), free(h);
}

// ---- the shape of the cosine sum

static double mean(const double *x, int from, int to) {
    double sum = 0;
    for (int s = from; s < to; s++) sum += x[s];
    return sum / (to - from);
}

// ln s over [s, 2s) has the mean ln s + 2 ln 2 - 1 = ln(4s/e).
static double octave_form(const Curve *c, int from) {
    return rope_closed_form(c->rope.base, c->rope.dim, from * 4 / M_E);
}

// The sum over d/2 angles is a trapezoidal rule for the integral, whose error falls
// like 1/d; what it is exactly depends on how the angles fall on the cosine's ripples.
// So: claimed for the paper's d, at 0.01; printed for others.
static void claim_octaves(Lab *lab, const Decay *d, const Curve *c, const double *sum,
                          const char *what) {
    double worst = 0;
    int octaves = 0;
    for (int s = 8; 2 * s <= c->rope.base / 8 && 2 * s <= d->max + 1; s *= 2, octaves++)
        worst = nan_max(worst, fabs(mean(sum, s, 2 * s) - octave_form(c, s)));
    if (!octaves) return;
    if (d->half == 64 && c->rope.base >= 2000 && c->rope.base <= 1e6)
        claim_near(lab, "2.32", what, 0, worst, 0.01);
    else lab_print(lab, "%s: %.2g at most", what, worst);
}

static double root_mean_square_step(const double *x, int from, int to) {
    double sum = 0;
    for (int s = from; s < to; s++) sum += (x[s + 1] - x[s]) * (x[s + 1] - x[s]);
    return sqrt(sum / (to - from));
}

static void claim_jitter(Lab *lab, const Decay *d, const Curve *c, const char *what) {
    if (d->max < 4096) return;
    // The squares' cross terms: two angles a relative gap apart average out over W
    // distances to 2 / (W gap).
    double predicted = rope_jitter(c->theta, d->half),
           gap = 1 - rope_theta(c->rope.base, c->rope.dim, 1);
    claim_near(lab, "2.33", what, predicted,
               root_mean_square_step(c->cosine_sum, 2048, 4096),
               predicted * 2 / (2048 * gap));
}

static int rises(const double *x, int from, int to) {
    int count = 0;
    for (int s = from; s < to; s++) count += x[s + 1] > x[s];
    return count;
}

static void claim_not_monotone(Lab *lab, const Decay *d) {
    const Curve *c = &d->curves[0];
    if (d->max < 4096 || table_row(d, c) != 0) return;
    claim_equal(lab, "2.33", "b = 10^4: steps s -> s+1, 1 <= s < 256, up", 115,
                rises(c->cosine_sum, 1, 256));
    claim_at_least(lab, "2.33", "b = 10^4: bound(4096) / bound(2048), not monotone", 1,
                   c->bound[4096] / c->bound[2048]);
}

// ---- two bases

static int first_negative(const Curve *c, int half) {
    int s = 0;
    while (rope_cosine_sum(c->theta, half, s) >= 0) s++;
    return s;
}

// The closed form's error on both sides of the quotient a/b: tolerance (1 + a/b) e / b.
static void claim_bases(Lab *lab, const Decay *d) {
    const Curve *low = &d->curves[0], *high = &d->curves[1];
    if (d->bases < 2 || d->max < 2047 || table_row(d, low) != 0
        || table_row(d, high) != 1)
        return;
    // of a closed form; half of 2.32's, which is for the first and worst octave, too
    double error = 0.005;
    double a = octave_form(high, 1024), b = octave_form(low, 1024);
    double measured =
        mean(high->cosine_sum, 1024, 2048) / mean(low->cosine_sum, 1024, 2048);
    claim_near(lab, "2.36", "mean of C on [1024, 2048): b = 5 10^5 over b = 10^4",
               a / b, measured, (1 + a / b) * error / b);
    claim_equal(lab, "2.36", "b = 10^4: first distance with C < 0", 1707,
                first_negative(low, d->half));
    claim_equal(lab, "2.36", "b = 5 10^5: first distance with C < 0", 18438,
                first_negative(high, d->half));
    claim_at_least(
        lab, "2.36", "jitter, b = 5 10^5 over b = 10^4: the base leaves it", 0.8,
        rope_jitter(high->theta, d->half) / rope_jitter(low->theta, d->half));
}

// ---- figure

static Plot *table_of(Lab *lab, const Decay *d) {
    char columns[1024] = "distance cosine_sum bound measured";
    for (int b = 1; b < d->bases; b++) {
        size_t used = strlen(columns);
        const char *name = d->curves[b].name;
        snprintf(columns + used, sizeof columns - used, " cosine_sum_%s bound_%s", name,
                 name);
    }
    Plot *p = plot_new(lab, "rope_decay", columns);
    for (int s = 0; s <= d->max; s++) {
        double row[4 + 2 * MOST_BASES] = {s, d->curves[0].cosine_sum[s],
                                          d->curves[0].bound[s], d->measured[s]};
        for (int b = 1; b < d->bases; b++) {
            row[2 + 2 * b] = d->curves[b].cosine_sum[s];
            row[3 + 2 * b] = d->curves[b].bound[s];
        }
        plot_row_values(p, row);
    }
    return p;
}

// the house's, one a base
static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7"};

static void draw_base(Plot *p, const Decay *d, int b) {
    const Curve *c = &d->curves[b];
    const char *colour = colours[b % 4];
    char sum[64], bound[64];
    snprintf(sum, sizeof sum, b ? "cosine_sum_%s" : "cosine_sum", c->name);
    snprintf(bound, sizeof bound, b ? "bound_%s" : "bound", c->name);
    plot_series(p,
                "using \"distance\":\"%s\" axes x1y2 with lines dashtype 2 linewidth 2 "
                "linecolor \"%s\" "
                "title \"bound, b = %s\"",
                bound, colour, c->name);
    plot_series(p,
                "using \"distance\":\"%s\" with lines linewidth 0.5 linecolor \"%s\" "
                "title \"C, b = %s\"",
                sum, colour, c->name);
    if (!d->plain) return;
    plot_series(p,
                "using \"distance\":(column(1) >= 8 && column(1) <= %.17g / 8 ? "
                "1 - (log(column(1)) + 0.57721566) / log(%.17g) - 1.0 / %d : NaN) "
                "with lines linewidth 3 linecolor \"%s\" title \"closed form, b = %s\"",
                c->rope.base, c->rope.base, c->rope.dim, colour, c->name);
    // "smooth unique" averages what has the same x: all of an octave, at the place
    // where the closed form has its mean
    plot_series(p,
                "using (column(1) < %d ? 4 / exp(1) * 2 ** floor(log(column(1) + 0.5) "
                "/ log(2)) : NaN):\"%s\" "
                "smooth unique with points pointtype %d pointsize 1.1 linecolor "
                "\"black\" title \"octave means, b = %s\"",
                1 << (int)floor(log2(d->max + 1)), b ? sum : "measured", b ? 9 : 7,
                c->name);
}

static void draw(Lab *lab, const Decay *d) {
    Plot *p = table_of(lab, d);
    char title[128];
    const Rope *rope = &d->curves[0].rope;
    snprintf(title, sizeof title,
             d->plain ? "RoPE, d = %d: how scores fall with distance"
                      : "RoPE, d = %d, %s by %g: how scores fall with distance",
             rope->dim, rope_scaling_names[rope->scaling], rope->factor);
    plot_title(p, title);
    plot_axes(p, "distance s", "cosine sum C(s)");
    plot_set(p, "logscale x");
    plot_set(p, "xrange [1:%d]", d->max > 1 ? d->max : 2);
    plot_set(p, "y2label \"bound(s)\"");
    // C in the upper half, the bound in the lower
    plot_set(p, "yrange [-1.5:1.05]");
    plot_set(p, "ytics -0.2, 0.2, 1");
    plot_set(p, "y2range [0:%g]", (d->half + 1) / 2.0 * 2.1);
    plot_set(p, "y2tics 0, %g, %g", d->half >= 64 ? 8 * (d->half / 64) : d->half / 8.0,
             (d->half + 1) / 2.0);
    plot_set(p, "border 11");
    for (int b = 0; b < d->bases; b++) draw_base(p, d, b);
    // six points an octave of the many
    plot_series(p,
                "using \"distance\":(floor(6 * log(column(1) + 0.5) / log(2)) != "
                "floor(6 * log(column(1) - 0.5) / log(2)) ? column(4) : NaN) "
                "with points pointtype 6 pointsize 0.7 linecolor \"#7f7f7f\" title "
                "\"turned vectors\"");
    plot_end(p);
}

static void run(Lab *lab) {
    Decay d = read_options(lab);
    for (int b = 0; b < d.bases; b++) compute(&d, &d.curves[b]);
    const Rope *rope = &d.curves[0].rope;
    Position p = position_new_rope(*rope, d.max + 1);
    Rng rng = lab->rng;
    double n = d.half, temperature = rope_temperature(rope);
    for (int b = 0; b < d.bases; b++) claim_table(lab, &d, &d.curves[b]);
    claim_near(lab, "2.28", "bound(0) = (d/2 + 1) / 2", (n + 1) / 2,
               d.curves[0].bound[0], 1e-12 * n);
    claim_measured(lab, &d, &rng, &p);
    claim_random_bounded(lab, &d, &rng, &p, temperature);
    claim_attained(lab, &d, &p, temperature);
    if (d.plain) {
        claim_octaves(lab, &d, &d.curves[0], d.measured,
                      "first base: octave means of scores - closed form");
        for (int b = 1; b < d.bases; b++)
            claim_octaves(lab, &d, &d.curves[b], d.curves[b].cosine_sum,
                          "further base: octave means of C - closed form");
        claim_jitter(lab, &d, &d.curves[0],
                     "first base: rms of C(s+1) - C(s), s in [2048, 4096)");
        for (int b = 1; b < d.bases; b++)
            claim_jitter(lab, &d, &d.curves[b], "further base: rms of C(s+1) - C(s)");
    }
    claim_not_monotone(lab, &d);
    claim_bases(lab, &d);
    draw(lab, &d);
    position_free(&p);
    decay_free(&d);
}

const LabSpec lab_rope_decay = {"rope-decay", "2.7",
                                "RoPE: how scores fall with distance", run, options};
