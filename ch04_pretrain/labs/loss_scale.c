// What sixteen bits lose, and the window for a loss scale. Lecture, section 4.13.
//
// Gradients of a wide range of sizes, log-normal, are multiplied by a scale and rounded
// to fp16. Small ones become 0, large ones infinite; both shares have a closed form.
#include <math.h>

#include "ch04_pretrain/precision.h"
#include "common/program/plot.h"

enum { POINTS = 26, STEP = 2, UPDATES = 100 };

static const Option options[] = {{"gradients", "200000", "to draw"},
                                 {"median", "1e-7", "of their sizes"},
                                 {"spread", "3", "standard deviation of the logarithm"},
                                 {0}};

typedef struct {
    double scale, flushed, overflowed;   // measured shares
    double flush_derived, over_derived;  // and closed forms
} Point;

// P(size <= x), ln size normal.
static double below(double x, double median, double spread) {
    return 0.5 * erfc(-log(x / median) / spread / sqrt(2));
}

static Point measure(Rng rng, double scale, double median, double spread, int n) {
    const PrecisionType *fp16 = &precision_kinds[PRECISION_FP16];
    Point p = {.scale = scale,
               .flush_derived = below(fp16->smallest / scale, median, spread),
               .over_derived = below(scale / fp16->overflow, 1 / median, spread)};
    for (int i = 0; i < n; i++) {
        double g = median * exp(spread * rng_normal(&rng));
        float rounded = round_fp16((float)(g * scale));
        p.flushed += rounded == 0, p.overflowed += isinf(rounded) != 0;
    }
    p.flushed /= n, p.overflowed /= n;
    return p;
}

// Of a share p of n draws; and of a share so small that none is expected, one draw.
static double share_error(double p, int n) {
    return fmax(sqrt(p * (1 - p) / n), 1.0 / n);
}

static void claim_shares(Lab *lab, const Point *p, int n) {
    double worst_flush = 0, worst_over = 0;
    for (int i = 0; i < POINTS; i++) {
        worst_flush = nan_max(worst_flush, fabs(p[i].flushed - p[i].flush_derived)
                                               / share_error(p[i].flush_derived, n));
        worst_over = nan_max(worst_over, fabs(p[i].overflowed - p[i].over_derived)
                                             / share_error(p[i].over_derived, n));
    }
    claim_at_most(lab, "4.60", "share that becomes 0: worst, standard errors", 5,
                  worst_flush);
    claim_at_most(lab, "4.60", "share that overflows: worst, standard errors", 5,
                  worst_over);
    lab_print(lab, "becomes 0: %.4f without a scale, %.4f with 2^10", p[0].flushed,
              p[5].flushed);
}

// The scales at which less than one in a thousand is lost at either end.
static void claim_window(Lab *lab, const Point *p, double median, double spread) {
    const double NORMAL_999 = 3.0902323;  // P(normal > this) = 1/1000
    double reach = spread * NORMAL_999 / log(2);
    double first = -25 - log2(median) + reach, last = log2(65520 / median) - reach;
    int inside = 0, expected = 0;
    for (int i = 0; i < POINTS; i++) {
        double at = log2(p[i].scale);
        expected += at >= first && at <= last;
        inside += p[i].flush_derived <= 1e-3 && p[i].over_derived <= 1e-3;
    }
    lab_print(lab, "the window: 2^%.1f to 2^%.1f", first, last);
    claim_equal(lab, "4.61", "powers of 4 inside the window", expected, inside);
}

// Sums that stop, steps that vanish.
static void claim_steps(Lab *lab) {
    float bf16 = 0, fp16 = 0, weight = 1, master = 1;
    for (int i = 0; i < 5000; i++)
        bf16 = round_bf16(bf16 + 1), fp16 = round_fp16(fp16 + 1);
    for (int i = 0; i < UPDATES; i++)
        weight = round_bf16(weight - 0x1p-9f), master -= 0x1p-9f;
    claim_near(lab, "4.62", "5,000 ones, added in bf16: 2^8", 256, bf16, 0);
    claim_near(lab, "4.62", "and in fp16: 2^11", 2048, fp16, 0);
    claim_near(lab, "4.63", "bf16 weight after 100 steps of -2^-9", 1, weight, 0);
    claim_near(lab, "4.63", "its fp32 master", 1 - UPDATES * 0x1p-9, master, 0);
}

static void draw(Lab *lab, const Point *points) {
    Plot *p = plot_new(lab, "loss_scale",
                       "log2_scale flushed overflowed flush_derived over_derived");
    for (int i = 0; i < POINTS; i++)
        plot_row(p, log2(points[i].scale), points[i].flushed, points[i].overflowed,
                 points[i].flush_derived, points[i].over_derived);
    plot_axes(p, "log_2 of the scale", "share of the gradients");
    plot_line(p, "log2_scale", "flush_derived", "becomes 0, derived");
    plot_line(p, "log2_scale", "over_derived", "overflows, derived");
    plot_points(p, "log2_scale", "flushed", "becomes 0");
    plot_points(p, "log2_scale", "overflowed", "overflows");
    plot_end(p);
}

static void run(Lab *lab) {
    int n = (int)option_int(&lab->args, "gradients", 1000, 100000000);
    double median = option_real(&lab->args, "median", 1e-12, 1);
    double spread = option_real(&lab->args, "spread", 0.1, 10);
    Point points[POINTS];
    for (int i = 0; i < POINTS; i++)
        points[i] = measure(rng_split(&lab->rng, (uint64_t)i), ldexp(1, STEP * i),
                            median, spread, n);
    claim_shares(lab, points, n);
    claim_window(lab, points, median, spread);
    claim_steps(lab);
    draw(lab, points);
}

const LabSpec lab_loss_scale = {"loss-scale", "4.13",
                                "What sixteen bits lose, and a window", run, options};
