// F5, F7: backward from O and L alone. Lecture, section 6.6.
#include <math.h>

#include "ch02_attention/attention.h"
#include "ch06_flash/dropout_tile.h"
#include "ch06_flash/flash2.h"
#include "ch06_flash/flash_backward.h"
#include "ch06_flash/labs/heads.h"
#include "common/program/plot.h"

static const Option options[] = {
    {"tokens", "256", "N"}, {"dim", "16", "d"}, {"block", "32", "B_r = B_c"}, {0}};

// A pass forward and back.
typedef struct {
    Mat out, lse, out_grad, q, k, v;
} Pass;

static Pass pass_new(Rng *rng, int n, int d) {
    Pass p = {mat_new(n, d), mat_new(n, 1), mat_new(n, d),
              mat_new(n, d), mat_new(n, d), mat_new(n, d)};
    rng_fill_normal(rng, p.out_grad, 1);
    return p;
}

static void pass_free(Pass *p) {
    Mat all[] = {p->out, p->lse, p->out_grad, p->q, p->k, p->v};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}

// What backward moved and computed.
static Memory pass_run(Pass *p, const FlashHead *h, int block) {
    Memory m = memory_new(MEMORY_PLAIN, 0);
    flash2(p->out, p->lse, h, (Blocks){block, block}, &m);
    memory_free(&m), m = memory_new(MEMORY_STRICT, 0);
    mat_fill(p->q, 0), mat_fill(p->k, 0), mat_fill(p->v, 0);
    flash_backward((FlashGrads){p->q, p->k, p->v, {0}},
                   (FlashOut){p->out, p->lse, p->out_grad, {0}}, h,
                   (Blocks){block, block}, &m);
    return m;
}

static long long backward_words(long long n, long long d, int block) {
    return 8 * n * d + n + (n + block - 1) / block * (4 * n * d + 2 * n);
}

// Against chapter 2's, which kept P.
static void claim_gradients(Lab *lab, Rng *rng, int n, int d, int block) {
    FlashHead h = lab_head(rng, n, d, 1);
    h.mask.causal = true;
    Pass p = pass_new(rng, n, d), kept = pass_new(rng, n, d);
    Mat weights = mat_new(n, n), ds = mat_new(n, n);
    Memory m = pass_run(&p, &h, block);
    attention(kept.out, weights, h.q, h.k, h.v, h.scale, (Mat){0}, &h.mask);
    attention_backward(kept.q, kept.k, kept.v, ds, p.out_grad, weights, h.q, h.k, h.v,
                       h.scale);
    double off = nan_max(
               mat_difference(p.q, kept.q),
               nan_max(mat_difference(p.k, kept.k), mat_difference(p.v, kept.v))),
           sums = 0;
    for (int i = 0; i < n; i++) {
        double sum = 0;
        for (int j = 0; j < n; j++) sum += *mat_at(ds, i, j);
        sums = nan_max(sums, fabs(sum));
    }
    // sums of d products and of n, together of size up to 5: d + n roundings of 2^-24
    // that know nothing of each other
    double rounding = 5 * sqrt(d + n) * 0x1p-24;
    claim_near(lab, "6.13", "dQ, dK, dV from L - from the table of weights, largest", 0,
               off, rounding);
    claim_near(lab, "6.14", "row sums of dS, largest", 0, sums, rounding);
    memory_free(&m), pass_free(&p), pass_free(&kept), lab_head_free(&h);
    mat_free(weights), mat_free(ds);
}

// The same weights are dropped, whatever the blocks: other blocks change the last bits
// of sums, another weight would change the first.
static void claim_dropout(Lab *lab, Rng *rng, int n, int d) {
    FlashHead h = lab_head(rng, n, d, 1);
    h.dropout = (FlashDropout){0.1, lab->seed, 0};
    Pass p = pass_new(rng, n, d), other = pass_new(rng, n, d);
    mat_copy(other.out_grad, p.out_grad);
    Memory a = pass_run(&p, &h, 32), b = pass_run(&other, &h, 48);
    double off =
               nan_max(mat_difference(p.out, other.out), mat_difference(p.k, other.k)),
           dropped = 0, total = (double)n * n;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) dropped += dropout_factor(&h, i, j) == 0;
    claim_near(lab, "6.16", "dropout, blocks of 32 - of 48: O and dK, largest", 0, off,
               5 * sqrt(d + n) * 0x1p-24);
    // N^2 independent draws: 5 standard errors
    claim_near(lab, "6.16", "share of weights dropped at rate 0.1", 0.1,
               dropped / total, 5 * sqrt(0.09 / total));
    memory_free(&a), memory_free(&b), pass_free(&p), pass_free(&other);
    lab_head_free(&h);
}

static void run(Lab *lab) {
    int n = (int)option_int(&lab->args, "tokens", 8, 1024),
        d = (int)option_int(&lab->args, "dim", 1, 128),
        block = (int)option_int(&lab->args, "block", 1, 1024);
    Rng rng = lab->rng;
    claim_gradients(lab, &rng, n, d, block);
    int words = 0, products = 0;
    Plot *p = plot_new(lab, "recompute",
                       "tokens forward backward forward_derived backward_derived");
    for (int t = 32; t <= 2 * n; t *= 2) {
        FlashHead h = lab_head(&rng, t, d, 1);
        Pass pass = pass_new(&rng, t, d);
        Memory back = pass_run(&pass, &h, block);
        Memory forth =
            lab_run_in(ALGORITHM_FA2, &h, (Blocks){block, block}, MEMORY_STRICT, 0);
        words += back.reads + back.writes != backward_words(t, d, block);
        products += 2 * back.multiply_adds != 5 * forth.multiply_adds;
        plot_row(p, t, 2e-6 * (double)forth.multiply_adds,
                 2e-6 * (double)back.multiply_adds, 4e-6 * t * t * d,
                 10e-6 * t * t * d);
        memory_free(&back), memory_free(&forth), pass_free(&pass), lab_head_free(&h);
    }
    claim_equal(lab, "6.15", "backward: words other than the formula's", 0, words);
    claim_equal(lab, "6.15", "multiply-adds other than 5/2 of forward's", 0, products);
    claim_dropout(lab, &rng, n, d);
    plot_axes(p, "tokens N", "million operations");
    plot_set(p, "logscale x 2"), plot_set(p, "logscale y 10");
    plot_set(p, "key top left");
    plot_line(p, "tokens", "backward_derived", "backward: 10 N^2 d");
    plot_line(p, "tokens", "forward_derived", "forward: 4 N^2 d");
    plot_points(p, "tokens", "backward", "counted, backward");
    plot_points(p, "tokens", "forward", "counted, forward");
    plot_end(p);
}

const LabSpec lab_recompute = {"recompute", "6.6", "Backward makes the weights again",
                               run, options};
