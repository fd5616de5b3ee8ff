// Speed of attention in tiles, as a share of what the processor's multiply-adds allow:
// 4 N^2 d operations per head forward, 2.5 times that backward, of a causal mask half.
// Beside it chapter 2's core, with the same inputs; runs of both and of the peak take
// turns, since other programs share the machine.
#include <math.h>
#include <stdio.h>

#include "ch06_flash/bench/ratios.h"
#include "ch06_flash/flash_heads.h"
#include "ch06_flash/split_decode.h"
#include "common/numeric/bench_table.h"
#include "common/numeric/rng.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"

enum { H = 8, D = 64, ROUNDS = 8, TABLE_ROUNDS = 3 };

typedef struct {
    Mat q, k, v, out, lse, out_grad, grads[3];
    Heads heads;
} Work;

static Work work_new(int n, bool causal) {
    Rng rng = rng_new(1);
    Work w = {.q = mat_new(n, H * D),
              .k = mat_new(n, H * D),
              .v = mat_new(n, H * D),
              .out = mat_new(n, H * D),
              .lse = mat_new(n * H, 1),
              .out_grad = mat_new(n, H * D)};
    for (int i = 0; i < 3; i++) w.grads[i] = mat_new(n, H * D);
    Mat random[] = {w.q, w.k, w.v, w.out_grad};
    for (int i = 0; i < 4; i++) rng_fill_normal(&rng, random[i], 1);
    w.heads = (Heads){.batch = 1,
                      .n_heads = H,
                      .n_kv_heads = H,
                      .scale = attention_scale(D),
                      .mask = {.causal = causal}};
    return w;
}

static void work_free(Work *w) {
    Mat all[] = {w->q,        w->k,        w->v,        w->out,     w->lse,
                 w->out_grad, w->grads[0], w->grads[1], w->grads[2]};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}

static void forward(Work *w) {
    flash_heads(w->out, w->lse, w->q, w->k, w->v, &w->heads, NULL);
}
static void backward(Work *w) {
    flash_heads_backward((FlashHeadsGrads){w->grads[0], w->grads[1], w->grads[2], {0}},
                         (FlashHeadsOut){w->out, w->lse, w->out_grad, {0}}, w->q, w->k,
                         w->v, &w->heads, NULL);
}
static void chapter_2(Work *w) {
    attend_heads(w->out, (Mat){0}, w->q, w->k, w->v, &w->heads);
}

// One thread's own time does not see what other programs take meanwhile.
static double seconds(void (*run)(Work *), Work *w, int threads) {
    double (*clock)(void) = threads == 1 ? thread_seconds : now_seconds,
           begin = clock();
    run(w);
    return clock() - begin;
}

static void rows(int n, bool causal, int threads) {
    Work w = work_new(n, causal);
    Runs runs[3] = {0};
    double peak = 0;
    char work[64];
    void (*const jobs[])(Work *) = {chapter_2, forward, backward};
    threads_set(threads);
    for (int i = 0; i < ROUNDS; i++) {
        peak = fmax(peak, fma_peak_gflops_of(threads));
        for (int k = 0; k < 3; k++) runs_add(&runs[k], seconds(jobs[k], &w, threads));
    }
    double operations = 4e-9 * H * n * n * D * (causal ? 0.5 : 1);
    const char *mask = causal ? "causal" : "full";
    snprintf(work, sizeof work, "tiles forward, N = %d, %s", n, mask);
    bench_row(&(BenchRow){work, threads, operations, "GFLOP/s", &runs[1], "peak", peak,
                          "chapter 2", &runs[0]});
    snprintf(work, sizeof work, "tiles backward, N = %d, %s", n, mask);
    bench_row(&(BenchRow){work, threads, 2.5 * operations, "GFLOP/s", &runs[2], "peak",
                          peak, NULL, NULL});
    work_free(&w);
}

// ---- the whole N x N table: under a causal mask chapter 2 computes only the half that is
// seen, so the time of all of it, as without the mask, has a row, too. It takes 2 GiB at
// N = 8192.

static Mat table;

static void chapter_2_table(Work *w) {
    attend_heads(w->out, table, w->q, w->k, w->v, &w->heads);
}

static void table_rows(int n, int threads) {
    Work works[] = {work_new(n, false), work_new(n, true)};
    Runs tiles[2] = {0}, tables[2] = {0};
    double peak = fma_peak_gflops_of(threads), operations = 4e-9 * H * n * n * D;
    char work[64];
    table = mat_new(n * H, n);
    threads_set(threads);
    for (int i = 0; i < TABLE_ROUNDS; i++)
        for (int causal = 0; causal < 2; causal++) {
            Work *w = &works[causal];
            runs_add(&tables[causal], seconds(chapter_2_table, w, threads));
            runs_add(&tiles[causal], seconds(forward, w, threads));
        }
    for (int row = 0; row < 3; row++) {
        bool causal = row > 0, seen = row == 1;
        snprintf(work, sizeof work, "tiles, N = %d, %s", n, causal ? "causal" : "full");
        bench_row(&(BenchRow){work, threads, operations * (causal ? 0.5 : 1), "GFLOP/s",
                              &tiles[causal], "peak", peak,
                              seen ? "seen half" : "table", &tables[seen]});
    }
    mat_free(table);
    for (int causal = 0; causal < 2; causal++) work_free(&works[causal]);
}

// ---- decoding: bytes of keys and values per second, as a share of what reading alone
// reaches with as many threads

typedef struct {
    Mat q, both, k, v, out, lse;  // k and v: halves of `both`, which is read as well
} Cache;

static Cache cache_new(int keys, int kv_heads) {
    Rng rng = rng_new(2);
    Mat both = mat_new(2 * keys, kv_heads * D);
    Cache c = {mat_new(1, H * D),       both,
               mat_rows(both, 0, keys), mat_rows(both, keys, keys),
               mat_new(1, H * D),       mat_new(H, 1)};
    rng_fill_normal(&rng, c.q, 1), rng_fill_normal(&rng, both, 1);
    return c;
}

static double decode_once(Cache *c, int kv_heads) {
    double begin = now_seconds();
    split_decode(c->out, c->lse, c->q, c->k, c->v, H, kv_heads, attention_scale(D));
    return now_seconds() - begin;
}

// Reading is the best of five runs in each round, and so is decoding: of the same bytes.
static void decode_row(int keys, int kv_heads, int threads) {
    Cache c = cache_new(keys, kv_heads);
    size_t bytes = 2 * (size_t)keys * (size_t)(kv_heads * D) * sizeof(real);
    Runs runs = {0};
    double reading = 0;
    char work[64];
    threads_set(threads);
    for (int i = 0; i < ROUNDS; i++) {
        reading = fmax(reading, read_bandwidth_gbs(c.both.at, bytes, threads));
        for (int run = 0; run < 5; run++) runs_add(&runs, decode_once(&c, kv_heads));
    }
    snprintf(work, sizeof work, "a token, %d keys, %d kv heads", keys, kv_heads);
    bench_row(&(BenchRow){work, threads, 1e-9 * (double)bytes, "GB/s", &runs, "reading",
                          reading, NULL, NULL});
    Mat all[] = {c.q, c.both, c.out, c.lse};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) mat_free(all[i]);
}

int main(int argc, char **argv) {
    const bool details = bench_begin(argc, argv);
    const int processors = threads_processors();
    for (int causal = 0; causal < 2; causal++) {
        for (int n = 512; n <= 4096; n *= 2) rows(n, causal, 1);
        if (processors > 1) rows(4096, causal, processors);
    }
    table_rows(8192, processors);
    for (int kv = 8; kv >= 2; kv /= 2) {
        decode_row(65536, kv, 1);
        if (processors > 1) decode_row(65536, kv, processors);
    }
    if (details) printf("\n%d heads of %d; ", H, D), ratios_print();
    return 0;
}
