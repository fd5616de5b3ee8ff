#include "ch06_flash/traffic.h"

#include <math.h>

#include "ch06_flash/flash1.h"
#include "ch06_flash/flash2.h"
#include "ch06_flash/standard.h"
#include "common/numeric/small.h"

static long long pieces(long long n, int block) { return (n + block - 1) / block; }

// ---- words

static long long moved_standard(long long n, long long d, Blocks b) {
    return 4 * n * n + 2 * n * d + 2 * pieces(n, b.rows) * n * d;
}

static long long moved_fa1(long long n, long long d, Blocks b) {
    return 2 * n * d + pieces(n, b.cols) * (3 * n * d + 4 * n) + n * d + 2 * n;
}

static long long moved_fa2(long long n, long long d, Blocks b) {
    return 2 * n * d + n + 2 * pieces(n, b.rows) * n * d;
}

// ---- divisions

static long long divisions_standard(long long n, long long d, Blocks b) {
    (void)d, (void)b;
    return n * n;
}

static long long divisions_fa1(long long n, long long d, Blocks b) {
    return pieces(n, b.cols) * n * d;
}

static long long divisions_fa2(long long n, long long d, Blocks b) {
    (void)b;
    return n * d;
}

// ---- the table

// Its logarithms of sums are nothing that the paper counts.
static void run_standard(Mat out, Mat lse, const FlashHead *h, Blocks b, Memory *m) {
    (void)lse;
    standard_attention(out, (Mat){0}, h, b, m);
}

const AlgorithmKind algorithms[] = {
    [ALGORITHM_STANDARD] = {"standard", run_standard, moved_standard,
                            divisions_standard},
    [ALGORITHM_FA1] = {"fa1", flash1, moved_fa1, divisions_fa1},
    [ALGORITHM_FA2] = {"fa2", flash2, moved_fa2, divisions_fa2},
};
_Static_assert(sizeof algorithms / sizeof *algorithms == ALGORITHMS,
               "each algorithm has a line");

#define KIND(NAME, name) #name,
const char *const algorithm_names[] = {ALGORITHM_LIST(KIND) NULL};
#undef KIND

// ---- blocks

long long tiles_paper(Blocks b, long long d) {
    return 2 * b.cols * d + 2 * b.rows * d + (long long)b.rows * b.cols;
}

static int rows_within(long long rows, int n) {
    return (int)long_max(0, long_min(rows, n));
}

Blocks blocks_paper(Algorithm a, long long memory, int n, int d) {
    int outer = rows_within((memory + 4 * d - 1) / (4 * d), n),
        inner = int_min(outer, d);
    switch (a) {
        case ALGORITHM_STANDARD: return (Blocks){n, outer};
        case ALGORITHM_FA1: return (Blocks){inner, outer};
        case ALGORITHM_FA2: return (Blocks){outer, inner};
        case ALGORITHMS: break;
    }
    return (Blocks){0, 0};
}

Blocks blocks_fitting(Algorithm a, long long memory, int n, int d) {
    // B^2 + (4 d + 4) B <= M
    double half = 2 * d + 2;
    int square = rows_within((long long)(sqrt(half * half + (double)memory) - half), n);
    int cols = int_min(16, n);
    switch (a) {
        case ALGORITHM_STANDARD:
            // the row of the softmax must fit, and B_r d + B_c d + B_r B_c words
            if (memory < n) return (Blocks){0, 0};
            return (Blocks){rows_within((memory - (long long)cols * d) / (d + cols), n),
                            cols};
        case ALGORITHM_FA1:
        case ALGORITHM_FA2: return (Blocks){square, square};
        case ALGORITHMS: break;
    }
    return (Blocks){0, 0};
}

// ---- bytes

double bytes_scores(double n, double heads) { return 4 * heads * n * n; }
double bytes_flash(double n, double d, double heads) { return 4 * heads * n * (d + 1); }
