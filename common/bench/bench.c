// The ground floor's speed: matmul against the machine's own limit and against OpenBLAS
// where that is installed (it is looked up at run time; nothing links it), and vec_exp
// and vec_tanh against libm.
//
// Other programs share the machine, so ours and theirs take turns in short runs and
// each keeps its best.
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/error.h"
#include "common/numeric/machine.h"
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
    double operations = 2.0 * m * n * k, ours = INFINITY, theirs = INFINITY,
           peak = fma_peak_gflops_of(threads);
    for (int round = 0; round < ROUNDS; round++) {
        ours = fmin(ours, run(matmul, c, a, b));
        settle(threads);
        if (gemm) theirs = fmin(theirs, run(matmul_openblas, c, a, b));
        settle(threads);
        if (round % 2 == 1) peak = fmax(peak, fma_peak_gflops_of(threads));
    }
    double speed = 1e-9 * operations / ours;
    printf("%-6s %5d %5d %5d %8d %9.1f %7.0f%%", layout, m, n, k, threads, speed,
           100 * speed / peak);
    if (gemm) printf(" %9.1f %7.2f\n", 1e-9 * operations / theirs, theirs / ours);
    else printf(" %9s %7s\n", "-", "-");
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
    double best_ours = INFINITY, best_theirs = INFINITY;
    for (int round = 0; round < 50; round++) {
        double start = now_seconds();
        for (int call = 0; call < CALLS; call++) {
            memcpy(y, x, sizeof y);
            ours(y, N);
        }
        best_ours = fmin(best_ours, now_seconds() - start);
        start = now_seconds();
        for (int call = 0; call < CALLS; call++)
            for (int i = 0; i < N; i++) y[i] = theirs(x[i]);
        best_theirs = fmin(best_theirs, now_seconds() - start);
    }
    printf("%-12s %8.2f %8.2f %7.1f\n", name, 1e9 * best_ours / N / CALLS,
           1e9 * best_theirs / N / CALLS, best_theirs / best_ours);
}

int main(void) {
    program_name_set("bench");
    find_openblas();
    machine_print();
    int cores = threads_count();
    printf("multiply-add peak     %7.1f GFLOP/s on 1 core (%d lanes of %zu bytes)\n",
           fma_peak_gflops_of(1), VEC_LANES, sizeof(real));
    printf("                      %7.1f GFLOP/s on %d threads\n",
           fma_peak_gflops_of(cores), cores);
    printf("copy                  %7.1f GB/s (read + written)\n\n",
           copy_bandwidth_gbs());

    printf(
        "matmul: C (m x n) = A (m x k) B (k x n); T: that factor is a transposed view; "
        "GFLOP/s\n");
    printf("%-6s %5s %5s %5s %8s %9s %8s %9s %7s\n", "A B", "m", "n", "k", "threads",
           "ours", "of peak", "OpenBLAS", "ratio");
    matmul_table(1);
    if (cores > 1) matmul_table(cores);

    printf("\n%-12s %8s %8s %7s   (ns an element)\n", "", "ours", "libm", "ratio");
    function_row("array_exp", array_exp, libm_exp);
    function_row("array_tanh", array_tanh, libm_tanh);
    return 0;
}
