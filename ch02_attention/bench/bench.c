// Speed of attention against the machine's limits: multiply-adds for whole sequences,
// memory for decoding.
//
// Counted are the multiply-adds of matrix products, two operations each, that the
// formulas need: forward Q K^T and P V, 4 T^2 d a head; backward four products, 8 T^2
// d; causal: only pairs that are seen, T (T+1) / 2 of T^2. The layer adds its
// projections, 8 B T C^2 forward and twice that backward. Softmax, turning, masks are
// work but not counted. Other programs share the machine: runs take turns with
// measurements of the peak, and each keeps its best.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "ch02_attention/kv_cache.h"
#include "ch02_attention/multihead.h"
#include "common/error.h"
#include "common/numeric/machine.h"
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
} jobs[] = {{"heads, forward, weights not kept", infer, 2, 0},
            {"heads, forward", forward, 2, 0},
            {"heads, backward", backward, 4, 0},
            {"layer, forward", layer_forward, 2, 4},
            {"layer, backward", layer_backward, 4, 8}};

enum { JOBS = sizeof jobs / sizeof *jobs, MOST = 2 };

static double operations(int job, bool causal) {
    double pairs = causal ? T * (T + 1.0) / 2 : (double)T * T;
    return jobs[job].products * 2 * B * C * pairs
           + jobs[job].projections * 2 * B * T * (double)C * C;
}

// Best seconds of each job at 1 and at `cores` threads, in turns.
static void measure(Work *w, const int *threads, int counts, double seconds[JOBS][MOST],
                    double *peak) {
    for (int job = 0; job < JOBS; job++)
        for (int n = 0; n < counts; n++) seconds[job][n] = INFINITY;
    for (int round = 0; round < ROUNDS; round++)
        for (int n = 0; n < counts; n++) {
            threads_set(threads[n]);
            if (round % 3 == 0) peak[n] = fmax(peak[n], fma_peak_gflops_of(threads[n]));
            for (int job = 0; job < JOBS; job++) {
                double start = now_seconds();
                jobs[job].run(w);
                seconds[job][n] = fmin(seconds[job][n], now_seconds() - start);
            }
        }
}

static void sequences(int cores) {
    int threads[MOST] = {1, cores}, counts = cores > 1 ? 2 : 1;
    double peak[MOST] = {0};
    Work w = work_new();
    printf("multi-head attention: B = %d, T = %d, C = %d, H = %d, d = %d\n", B, T, C, H,
           C / H);
    printf("%-36s %8s %9s %8s %9s %8s %7s\n", "", "", "1 thread", "of peak", "all",
           "of peak", "speedup");
    for (int causal = 0; causal < 2; causal++) {
        double seconds[JOBS][MOST];
        w.heads.mask.causal = causal;
        measure(&w, threads, counts, seconds, peak);
        for (int job = 0; job < JOBS; job++) {
            double work = 1e-9 * operations(job, causal);
            printf("%-36s %8s", jobs[job].name, causal ? "causal" : "full");
            for (int n = 0; n < counts; n++)
                printf(" %9.1f %7.0f%%", work / seconds[job][n],
                       100 * work / seconds[job][n] / peak[n]);
            if (counts > 1) printf(" %7.2f", seconds[job][0] / seconds[job][1]);
            printf("\n");
        }
    }
    printf("GFLOP/s; multiply-add peak %.1f on 1 thread", peak[0]);
    if (counts > 1) printf(", %.1f on %d", peak[1], cores);
    printf("\n\n");
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
    double best = INFINITY, best_read = INFINITY,
           gigabytes = 1e-9 * (double)cache.bytes;
    real sink = 0;
    for (int round = 0; round < 100; round++) {
        cache.time[0] = CACHED - 1;
        double start = now_seconds();
        attend_cached(out, q, k, k, &cache, 0, &heads);
        best = fmin(best, now_seconds() - start);
        double read =
            read_seconds(cache.keys.at, (size_t)cache.keys.rows * cache.keys.cols,
                         &sink)
            + read_seconds(cache.values.at,
                           (size_t)cache.values.rows * cache.values.cols, &sink);
        best_read = fmin(best_read, read);
    }
    __asm__ volatile("" : : "m"(sink));  // somebody wants the result
    printf("%-10d %9.1f %12.2f %12.1f %14.1f %8.0f%%\n", n_kv_heads,
           (double)cache.bytes / 0x1p20, 1e3 * best, gigabytes / best,
           gigabytes / best_read, 100 * best_read / best);
    kv_cache_free(&cache), mat_free(q), mat_free(k), mat_free(out);
}

static void decoding(void) {
    threads_set(1);
    printf(
        "decoding: one token, %d cached, B = 1, H = %d, d = %d, 1 thread; memcpy: %.1f "
        "GB/s (read + written)\n",
        CACHED, H, C / H, copy_bandwidth_gbs());
    printf("%-10s %9s %12s %12s %14s %9s\n", "kv heads", "MiB", "ms a token", "GB/s",
           "plain sum GB/s", "of it");
    for (int kv = H; kv >= 1; kv /= 2) decode_row(kv);
}

int main(void) {
    program_name_set("bench");
    machine_print();
    sequences(threads_count());
    decoding();
    return 0;
}
