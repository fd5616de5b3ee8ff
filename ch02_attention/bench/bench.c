// Speed of attention against the machine's limits: multiply-adds for whole sequences,
// memory for decoding.
//
// Counted are the multiply-adds of matrix products, two operations each, that the
// formulas need: forward Q K^T and P V, 4 T^2 d a head; backward four products, 8 T^2
// d; causal: only pairs that are seen, T (T+1) / 2 of T^2. The layer adds its
// projections, 8 B T C^2 forward and twice that backward. Softmax, turning, masks are
// work but not counted. Other programs share the machine: runs take turns with
// measurements of the peak.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch02_attention/kv_cache.h"
#include "ch02_attention/multihead.h"
#include "common/numeric/bench_table.h"
#include "common/numeric/rng.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"
#include "common/numeric/vec.h"

enum { B = 4, T = 512, C = 512, H = 8, ROUNDS = 24 };

static Mat random_mat(Rng *rng, int rows, int cols, double sd) {
    Mat m = mat_new(rows, cols);
    rng_fill_normal(rng, m, sd);
    return m;
}

// ---- whole sequences

typedef struct {
    Mat x, out, out_grad, x_grad;
    Mat q, k, v, mixed, weights, q_grad, k_grad, v_grad;  // the core's
    Projections w, w_grad;
    MultiheadSaved saved;
    Heads heads;
} Work;

static Work work_new(void) {
    Rng rng = rng_new(1);
    Work w = {.x = random_mat(&rng, B * T, C, 1),
              .out = mat_new(B * T, C),
              .x_grad = mat_new(B * T, C)};
    w.out_grad = random_mat(&rng, B * T, C, 1);
    w.q = random_mat(&rng, B * T, C, 1), w.k = random_mat(&rng, B * T, C, 1),
    w.v = random_mat(&rng, B * T, C, 1);
    w.mixed = mat_new(B * T, C), w.weights = mat_new(B * H * T, T);
    w.q_grad = mat_new(B * T, C), w.k_grad = mat_new(B * T, C),
    w.v_grad = mat_new(B * T, C);
    w.w = projections_new(C, C, H, H, C / H),
    w.w_grad = projections_new(C, C, H, H, C / H);
    Mat all[] = {w.w.q, w.w.k, w.w.v, w.w.o};
    for (int i = 0; i < 4; i++) rng_fill_normal(&rng, all[i], 1 / sqrt(C));
    w.heads = (Heads){
        .batch = B, .n_heads = H, .n_kv_heads = H, .scale = attention_scale(C / H)};
    w.saved = multihead_saved_new(B * T, B * T, &w.w, &w.heads);
    return w;
}

static void work_free(Work *w) {
    Mat all[] = {w->x, w->out,   w->out_grad, w->x_grad, w->q,      w->k,
                 w->v, w->mixed, w->weights,  w->q_grad, w->k_grad, w->v_grad};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
    projections_free(&w->w), projections_free(&w->w_grad),
        multihead_saved_free(&w->saved);
}

static void infer(Work *w) {
    attend_heads(w->mixed, (Mat){0}, w->q, w->k, w->v, &w->heads);
}
static void forward(Work *w) {
    attend_heads(w->mixed, w->weights, w->q, w->k, w->v, &w->heads);
}
static void backward(Work *w) {
    attend_heads_backward(w->q_grad, w->k_grad, w->v_grad, (Mat){0}, w->out_grad,
                          w->weights, w->q, w->k, w->v, &w->heads);
}
static void layer_forward(Work *w) {
    multihead(w->out, &w->saved, w->x, w->x, &w->w, &w->heads);
}
static void layer_backward(Work *w) {
    multihead_backward(w->x_grad, w->x_grad, &w->w_grad, (Mat){0}, w->out_grad,
                       &w->saved, w->x, w->x, &w->w, &w->heads);
}

static const struct {
    const char *name;
    void (*run)(Work *);
    double products, projections;  // in units of the scores' 2 T^2 d and of 2 B T C^2
} jobs[] = {{"heads, infer", infer, 2, 0},
            {"heads, forward", forward, 2, 0},
            {"heads, backward", backward, 4, 0},
            {"layer, forward", layer_forward, 2, 4},
            {"layer, backward", layer_backward, 4, 8}};

enum { JOBS = sizeof jobs / sizeof *jobs };

static double operations(int job, bool causal) {
    double pairs = causal ? T * (T + 1.0) / 2 : (double)T * T;
    return jobs[job].products * 2 * B * C * pairs
           + jobs[job].projections * 2 * B * T * (double)C * C;
}

// Runs of each job with so many threads, and of the peak, in turns.
static double measure(Work *w, int threads, Runs runs[JOBS]) {
    double peak = 0;
    threads_set(threads);
    for (int round = 0; round < ROUNDS; round++) {
        if (round % 3 == 0) peak = fmax(peak, fma_peak_gflops_of(threads));
        for (int job = 0; job < JOBS; job++) {
            double start = now_seconds();
            jobs[job].run(w);
            runs_add(&runs[job], now_seconds() - start);
        }
    }
    return peak;
}

static void sequences(int threads) {
    Work w = work_new();
    for (int causal = 0; causal < 2; causal++) {
        Runs runs[JOBS] = {0};
        w.heads.mask.causal = causal;
        double peak = measure(&w, threads, runs);
        for (int job = 0; job < JOBS; job++) {
            char work[64];
            snprintf(work, sizeof work, "%s, %s", jobs[job].name,
                     causal ? "causal" : "full");
            bench_row(&(BenchRow){work, threads, 1e-9 * operations(job, causal),
                                  "GFLOP/s", &runs[job], "peak", peak, NULL, NULL});
        }
    }
    work_free(&w);
}

// ---- decoding

enum { CACHED = 8192 };

// Bytes a second of a sum over an array: reading alone, nothing written.
static double read_seconds(const real *x, size_t n, real *sink) {
    double start = now_seconds();
    *sink += array_sum(x, n);
    return now_seconds() - start;
}

// One token against CACHED others, B = 1, H = 8 query heads, d = 64.
static void decode_row(int n_kv_heads) {
    Rng rng = rng_new(2);
    KvCache cache = kv_cache_new(1, 1, n_kv_heads, C / H, CACHED);
    rng_fill_normal(&rng, cache.keys, 1), rng_fill_normal(&rng, cache.values, 1);
    Mat q = random_mat(&rng, 1, C, 1), k = random_mat(&rng, 1, n_kv_heads * C / H, 1),
        out = mat_new(1, C);
    Heads heads = {.batch = 1,
                   .n_heads = H,
                   .n_kv_heads = n_kv_heads,
                   .scale = attention_scale(C / H)};
    Runs runs = {0};
    double read = INFINITY, gigabytes = 1e-9 * (double)cache.bytes;
    real sink = 0;
    for (int round = 0; round < 100; round++) {
        cache.time[0] = CACHED - 1;
        double start = now_seconds();
        attend_cached(out, q, k, k, &cache, 0, &heads);
        runs_add(&runs, now_seconds() - start);
        read =
            fmin(read, read_seconds(cache.keys.at,
                                    (size_t)cache.keys.rows * cache.keys.cols, &sink)
                           + read_seconds(cache.values.at,
                                          (size_t)cache.values.rows * cache.values.cols,
                                          &sink));
    }
    __asm__ volatile("" : : "m"(sink));  // so that it is not optimised away
    char work[64];
    snprintf(work, sizeof work, "a token, %d cached, %d kv head%s", CACHED, n_kv_heads,
             n_kv_heads > 1 ? "s" : "");
    bench_row(&(BenchRow){work, 1, gigabytes, "GB/s", &runs, "reading",
                          gigabytes / read, NULL, NULL});
    kv_cache_free(&cache), mat_free(q), mat_free(k), mat_free(out);
}

int main(int argc, char **argv) {
    const bool details = bench_begin(argc, argv);
    const int cores = threads_count();
    sequences(1);
    if (cores > 1) sequences(cores);
    threads_set(1);
    for (int kv = H; kv >= 1; kv /= 2) decode_row(kv);
    if (details)
        printf(
            "\nmulti-head attention: B = %d, T = %d, C = %d, H = %d, d = %d; infer: "
            "the weights are not kept\na token: B = 1, with every key and value "
            "read once\n",
            B, T, C, H, C / H);
    return 0;
}
