// F11: operations per byte, and what a machine can do with them. Lecture, section 6.9.
//
//     standard           4 N^2 d / 4 (4 N^2 + 4 N d)   ->  d / 4 per byte, for N much larger than d
//     FlashAttention-1   4 N^2 d / 4 (12 N^2 d^2 / M)   =  M / 12 d
//
// in fp32; with two bytes per number both double.
#include <math.h>

#include "ch06_flash/labs/heads.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"tokens", "256", "N"},
    {"dim", "16", "d"},
    {"peak", "312",
     "operations, 10^12 per second (the default: an A100, 2 bytes per number)"},
    {"bandwidth", "1.555", "bytes, 10^12 per second"},
    {0}};

// Operations per byte, counted.
static double intensity(const FlashHead *h, Algorithm a, long long memory) {
    Blocks b = blocks_paper(a, memory, h->k.rows, h->k.cols);
    Memory m = lab_run_in(a, h, b, MEMORY_STRICT, 0);
    double per_byte =
        2.0 * (double)m.multiply_adds / (4.0 * (double)(m.reads + m.writes));
    memory_free(&m);
    return per_byte;
}

static void run(Lab *lab) {
    int n = (int)option_int(&lab->args, "tokens", 16, 2048),
        d = (int)option_int(&lab->args, "dim", 1, 128);
    double peak = option_real(&lab->args, "peak", 1e-3, 1e6),
           bandwidth = option_real(&lab->args, "bandwidth", 1e-6, 1e6);
    Rng rng = lab->rng;
    FlashHead h = lab_head(&rng, n, d, 1);
    // d / 4 less what inputs and outputs add: exactly d / 4 x N / (N + d); two
    // roundings
    claim_near(lab, "6.23", "standard: operations per byte, d/4 x N / (N + d)",
               d / 4.0 * n / (n + d), intensity(&h, ALGORITHM_STANDARD, 1),
               d * 0x1p-50);
    Plot *p = plot_new(lab, "roofline", "intensity roof standard fa1");
    for (int i = 0; i <= 48; i++) {
        double x = pow(2, -2 + i / 4.0);
        plot_row(p, x, fmin(peak, bandwidth * x), NAN, NAN);
    }
    double standard = intensity(&h, ALGORITHM_STANDARD, 1), worst = 0;
    plot_row(p, standard, NAN, fmin(peak, bandwidth * standard), NAN);
    for (long long memory = 4 * d; memory <= (long long)n * d; memory *= 2) {
        double x = intensity(&h, ALGORITHM_FA1, memory);
        // 12 becomes 12 + 16 / d + 3 M / N d + 2 M / N d^2
        double more = 12 + 16.0 / d + (3.0 + 2.0 / d) * (double)memory / n / d;
        worst = nan_max(worst, fabs(x * more * d / (double)memory - 1));
        plot_row(p, x, NAN, NAN, fmin(peak, bandwidth * x));
    }
    // all blocks are whole, M and N d being powers of two by default: two roundings;
    // else the last block is not full
    claim_near(lab, "6.24",
               "FlashAttention-1: M / 12 d, and the lower terms; ratio - 1", 0, worst,
               n % d == 0 && (d & (d - 1)) == 0 ? 1e-12 : 0.5);
    plot_axes(p, "operations per byte", "10^{12} operations per second, at most");
    plot_set(p, "logscale xy 2"), plot_set(p, "key top left");
    plot_line(p, "intensity", "roof", "the roof");
    plot_points(p, "intensity", "standard", "standard attention");
    plot_points(p, "intensity", "fa1", "FlashAttention, M = 4 d, 8 d ... N d");
    plot_end(p);
    lab_head_free(&h);
}

const LabSpec lab_roofline = {"roofline", "6.9", "What bytes allow", run, options};
