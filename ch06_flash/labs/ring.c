// Keys that go round: r devices have the whole's output; words sent; and which order of
// tokens keeps all of them busy under a causal mask. Lecture, section 6.14.
#include "ch06_flash/ring.h"

#include "ch06_flash/flash2.h"
#include "ch06_flash/labs/heads.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"tokens", "480", "N; a multiple of twice the devices"}, {"dim", "16", "d"}, {0}};

static const int DEVICES[] = {1, 2, 3, 4, 5, 6, 8, 10, 12};
enum { COUNTS = sizeof DEVICES / sizeof *DEVICES };

static RingCost ring(Mat out, Mat lse, const FlashHead *h, RingOrder order,
                     int devices) {
    return ring_attention(out, lse, h->q, h->k, h->v, h->scale, h->mask.causal, order,
                          devices);
}

// The largest difference to one device, over all orders, with and without a mask.
static double off_by(FlashHead *h, int devices) {
    int n = h->q.rows, d = h->v.cols;
    Mat out = mat_new(n, d), lse = mat_new(n, 1), want = mat_new(n, d);
    double off = 0;
    for (int causal = 0; causal < 2; causal++) {
        h->mask.causal = causal;
        Memory m = memory_new(MEMORY_PLAIN, 0);
        flash2(want, lse, h, (Blocks){64, 64}, &m);
        memory_free(&m);
        for (int order = 0; order < RING_KINDS; order++) {
            ring(out, lse, h, (RingOrder)order, devices);
            off = nan_max(off, mat_difference(out, want));
        }
    }
    mat_free(out), mat_free(lse), mat_free(want);
    return off;
}

static void claim_exact(Lab *lab, FlashHead *h) {
    // relative to the largest value, which outputs reach in rows that see few keys:
    // eight roundings, of scores, sums and merges. Rows that see many keys have more of
    // them, and outputs that are smaller by as much.
    double size = mat_largest(h->v);
    claim_near(lab, "6.53", "2 devices - one, largest / largest value", 0,
               off_by(h, 2) / size, 8 * 0x1p-24);
    claim_near(lab, "6.53", "4 devices - one, largest / largest value", 0,
               off_by(h, 4) / size, 8 * 0x1p-24);
}

static void run(Lab *lab) {
    int n = (int)option_int(&lab->args, "tokens", 48, 4096),
        d = (int)option_int(&lab->args, "dim", 1, 128), wrong_words = 0,
        wrong_longest = 0;
    if (n % 8) die("--tokens %d: expected a multiple of 8", n);
    Rng rng = lab->rng;
    FlashHead h = lab_head(&rng, n, d, 1);
    Mat out = mat_new(n, d), lse = mat_new(n, 1);
    claim_exact(lab, &h);
    h.mask.causal = true;
    Plot *p = plot_new(lab, "ring", "devices contiguous striped zigzag two_less");
    double pairs = n * (n + 1.0) / 2;
    for (int c = 0; c < COUNTS; c++) {
        int devices = DEVICES[c];
        if (n % (2 * devices)) continue;
        double slowest[RING_KINDS];
        for (int order = 0; order < RING_KINDS; order++) {
            RingCost cost = ring(out, lse, &h, (RingOrder)order, devices);
            wrong_words += cost.sent != 2LL * (devices - 1) * n * d;
            wrong_longest += cost.longest != ring_longest((RingOrder)order, n, devices);
            slowest[order] = (double)cost.longest * devices / pairs;
        }
        if (devices == 4) {
            claim_near(lab, "6.56", "contiguous: time / a fair share, 2 - 1/r",
                       2 - 1.0 / 4, slowest[RING_CONTIGUOUS],
                       1.0 / n);  // (1 - 1/r) / (N + 1) less
            claim_near(lab, "6.57", "striped: r (N/r + 1)/(N + 1)",
                       4 * (n / 4.0 + 1) / (n + 1), slowest[RING_STRIPED], 1e-12);
            claim_near(lab, "6.57", "zigzag: exactly a fair share", 1,
                       slowest[RING_ZIGZAG], 0);
        }
        plot_row(p, devices, slowest[0], slowest[1], slowest[2], 2 - 1.0 / devices);
    }
    claim_equal(lab, "6.54", "words sent other than 2 (r - 1) N d", 0, wrong_words);
    claim_equal(lab, "6.55", "pairs of the slowest other than the formula's", 0,
                wrong_longest);
    plot_axes(p, "r: devices", "time / a fair share of the pairs");
    plot_set(p, "yrange [0.9:2.1]");
    plot_line(p, "devices", "two_less", "2 - 1/r");
    plot_points(p, "devices", "contiguous", "contiguous");
    plot_points(p, "devices", "striped", "striped");
    plot_points(p, "devices", "zigzag", "zigzag");
    plot_end(p);
    mat_free(out), mat_free(lse), lab_head_free(&h);
}

const LabSpec lab_ring = {"ring", "6.14", "Keys that go round", run, options};
