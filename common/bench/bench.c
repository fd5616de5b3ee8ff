// The ground floor's speed: matmul against the machine's own limit and against OpenBLAS
// where that is installed (it is looked up at run time; nothing links it), and vec_exp
// and vec_tanh against libm.
//
// Other programs share the machine, so ours and theirs take turns in short runs.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/numeric/bench_table.h"
#include "common/numeric/mat.h"
#include "common/numeric/rng.h"
#include "common/numeric/threads.h"
#include "common/numeric/timing.h"
#include "common/numeric/vec.h"

enum { ROUNDS = 6 };

// ---- OpenBLAS, if there

#ifdef REAL_IS_DOUBLE
#define GEMM "cblas_dgemm"
#else
#define GEMM "cblas_sgemm"
#endif

enum { ROW_MAJOR = 101, AS_IS = 111, TRANSPOSED = 112 };  // cblas.h's numbers
typedef void Gemm(int order, int transpose_a, int transpose_b, int m, int n, int k,
                  real alpha, const real *a, int lda, const real *b, int ldb, real beta,
                  real *c, int ldc);
static Gemm *gemm;
static void (*gemm_threads)(int);

static void find_openblas(void) {
    unsetenv("OPENBLAS_CORETYPE");  // an old core's kernels would halve its speed
    void *library = dlopen("libopenblas.so.0", RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    *(void **)&gemm_threads = dlsym(library, "openblas_set_num_threads");
    *(void **)&gemm = dlsym(library, GEMM);
    if (!gemm_threads) gemm = NULL;
}

static bool by_columns(Mat m) { return m.col_stride != 1; }
static int leading(Mat m) { return (int)(by_columns(m) ? m.col_stride : m.row_stride); }

static void matmul_openblas(Mat c, Mat a, Mat b) {
    gemm(ROW_MAJOR, by_columns(a) ? TRANSPOSED : AS_IS,
         by_columns(b) ? TRANSPOSED : AS_IS, c.rows, c.cols, a.cols, 1, a.at,
         leading(a), b.at, leading(b), 0, c.at, leading(c));
}

// ---- matmul

// Seconds a call, the best of a few runs of about 2 ms. Several runs in a row, because
// a system needs some milliseconds to see that two busy threads on one core would go
// better on two.
static double run(void (*product)(Mat, Mat, Mat), Mat c, Mat a, Mat b) {
    double start = now_seconds(), best;
    product(c, a, b);
    best = now_seconds() - start;
    int calls = 1 + (int)(2e-3 / best);
    for (int batch = 0; batch < 5; batch++) {
        start = now_seconds();
        for (int i = 0; i < calls; i++) product(c, a, b);
        best = fmin(best, (now_seconds() - start) / calls);
    }
    return best;
}

static void both_threads_set(int threads) {
    threads_set(threads);
    if (gemm) gemm_threads(threads);
}

// OpenBLAS's idle threads spin for 2^26 cycles: let them fall asleep before the other's
// turn.
static void settle(int threads) {
    if (threads > 1 && gemm) nanosleep(&(struct timespec){.tv_nsec = 40000000}, NULL);
}

// The peak is measured beside every product, as the clock speeds up and slows down.
static void matmul_row(const char *layout, int m, int n, int k, int threads) {
    Mat a = layout[0] == 'T' ? mat_transpose(mat_new(k, m)) : mat_new(m, k);
    Mat b = layout[1] == 'T' ? mat_transpose(mat_new(n, k)) : mat_new(k, n);
    Mat c = mat_new(m, n);
    Rng rng = rng_new(1);
    rng_fill_normal(&rng, a, 1);
    rng_fill_normal(&rng, b, 1);
    both_threads_set(threads);
    Runs ours = {0}, theirs = {0};
    double peak = fma_peak_gflops_of(threads);
    for (int round = 0; round < ROUNDS; round++) {
        runs_add(&ours, run(matmul, c, a, b));
        settle(threads);
        if (gemm) runs_add(&theirs, run(matmul_openblas, c, a, b));
        settle(threads);
        if (round % 2 == 1) peak = fmax(peak, fma_peak_gflops_of(threads));
    }
    char work[64];
    snprintf(work, sizeof work, "matmul %s %d x %d x %d", layout, m, n, k);
    bench_row(&(BenchRow){work, threads, 2e-9 * m * n * k, "GFLOP/s", &ours, "peak",
                          peak, "OpenBLAS", &theirs});
    mat_free(a);
    mat_free(b);
    mat_free(c);
}

static void matmul_table(int threads) {
    static const struct {
        const char *layout;
        int m, n, k;
    } rows[] = {
        {"NN", 1024, 1024, 256}, {"NT", 1024, 1024, 256},  {"TN", 1024, 1024, 256},
        {"TT", 1024, 1024, 256}, {"NN", 1024, 1024, 1024}, {"NN", 2048, 256, 256},
        {"NN", 256, 256, 256},   {"NN", 64, 64, 64},       {"NT", 1024, 1024, 64},
        {"NN", 1024, 64, 1024},  {"NN", 1024, 8, 1024},    {"NN", 4, 1024, 1024},
        {"NN", 1, 1024, 1024},   {"NT", 1, 1024, 1024},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        matmul_row(rows[i].layout, rows[i].m, rows[i].n, rows[i].k, threads);
}

// ---- exp and tanh

static real libm_exp(real x) {
    return sizeof x == sizeof(float) ? (real)expf((float)x) : (real)exp((double)x);
}
static real libm_tanh(real x) {
    return sizeof x == sizeof(float) ? (real)tanhf((float)x) : (real)tanh((double)x);
}

static void function_row(const char *name, void (*ours)(real *, size_t),
                         real (*theirs)(real)) {
    enum { N = 4096, CALLS = 50 };
    static real x[N], y[N];
    Rng rng = rng_new(2);
    for (int i = 0; i < N; i++) x[i] = (real)(4 * rng_uniform(&rng) - 2);
    Runs our_runs = {0}, their_runs = {0};
    for (int round = 0; round < 50; round++) {
        double start = now_seconds();
        for (int call = 0; call < CALLS; call++) {
            memcpy(y, x, sizeof y);
            ours(y, N);
        }
        runs_add(&our_runs, now_seconds() - start);
        start = now_seconds();
        for (int call = 0; call < CALLS; call++)
            for (int i = 0; i < N; i++) y[i] = theirs(x[i]);
        runs_add(&their_runs, now_seconds() - start);
    }
    bench_row(&(BenchRow){name, 1, 1e-9 * N * CALLS, "10^9/s", &our_runs, NULL, 0,
                          "libm", &their_runs});
}

// The limits themselves, and what they are on one and on all threads.
static void print_limits(int cores) {
    printf("\nmultiply-add peak: %.1f GFLOP/s on 1 core (%d lanes of %zu bytes), ",
           fma_peak_gflops_of(1), VEC_LANES, sizeof(real));
    printf("%.1f on %d threads; copy: %.1f GB/s (read + written)\n",
           fma_peak_gflops_of(cores), cores, copy_bandwidth_gbs());
    printf(
        "matmul: C (m x n) = A (m x k) B (k x n); T: that factor is a transposed "
        "view\n");
}

int main(int argc, char **argv) {
    const bool details = bench_begin(argc, argv);
    const int cores = threads_count();
    find_openblas();
    matmul_table(1);
    if (cores > 1) matmul_table(cores);
    function_row("exp of 4,096 numbers", array_exp, libm_exp);
    function_row("tanh of 4,096 numbers", array_tanh, libm_tanh);
    if (details) print_limits(cores);
    return 0;
}
