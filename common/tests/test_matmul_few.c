// matmul_few and matmul_packed: matmul's bits, for any number of rows and of threads.
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <string.h>

#include "common/numeric/matmul_few.h"
#include "common/numeric/matmul_packed.h"
#include "common/numeric/rng.h"
#include "common/numeric/threads.h"

typedef void Product(Mat y, Mat x, Mat b, bool add);

static void by_packing(Mat y, Mat x, Mat b, bool add) {
    Mat room = mat_new(1, (int)packed_room(b));
    matmul_packed(y, x, packed_in(room.at, b), add);
    mat_free(room);
}

typedef struct {
    Product *product;
    Mat x, b, want, start;
} Setup;

static bool same_bits(Mat a, Mat b) {
    for (int i = 0; i < a.rows; i++)
        if (memcmp(mat_at(a, i, 0), mat_at(b, i, 0), (size_t)a.cols * sizeof(real)))
            return false;
    return true;
}

// Random numbers in the first columns of a wider matrix; NaN in the others, which
// nobody may read or write.
static Mat random_within(int rows, int cols, int gap, Rng *rng) {
    Mat wide = mat_new(rows, cols + gap), m = mat_cols(wide, 0, cols);
    mat_fill(wide, NAN);
    rng_fill_normal(rng, m, 1);
    return m;
}

static void check_threads(const Setup *s, int gap, bool add, Rng *rng) {
    int n = s->x.rows;
    for (int threads = 1; threads <= 3; threads++) {
        Mat y = random_within(n, s->b.cols, gap, rng);
        if (add) mat_copy(y, s->start);
        threads_set(threads);
        s->product(y, s->x, s->b, add);
        cr_assert(same_bits(y, s->want),
                  "%d x %d x %d%s, %d threads: not matmul's bits", n, s->x.cols,
                  s->b.cols, add ? ", added" : "", threads);
        for (int i = 0; i < n && gap; i++)
            cr_assert(isnan(*(mat_at(y, i, 0) + y.cols)));
        // a row by itself has the same bits
        Mat one = mat_new(1, y.cols);
        if (add) mat_copy(one, mat_rows(s->start, n - 1, 1));
        s->product(one, mat_rows(s->x, n - 1, 1), s->b, add);
        cr_assert(same_bits(one, mat_rows(s->want, n - 1, 1)), "a row alone differs");
        mat_free(y), mat_free(one);
    }
}

// Transposed: b lies by columns.
static void check(Product *product, const int size[3], bool transposed, int gap,
                  bool add, Rng *rng) {
    const int n = size[0], k = size[1], m = size[2];
    Mat b = transposed ? mat_transpose(random_within(m, k, gap, rng))
                       : random_within(k, m, gap, rng);
    Setup s = {product, random_within(n, k, gap, rng), b, mat_new(n, m), mat_new(n, m)};
    rng_fill_normal(rng, s.start, 1);
    if (add) mat_copy(s.want, s.start);
    if (add) matmul_add(s.want, s.x, s.b);
    else matmul(s.want, s.x, s.b);
    check_threads(&s, gap, add, rng);
    mat_free(s.x), mat_free(s.b), mat_free(s.want), mat_free(s.start);
}

Test(matmul_few, matmuls_bits) {
    Rng rng = rng_new(1);
    // k below, at and beyond matmul's pieces of a sum; m of whole vectors and of
    // others; the last is large enough for threads
    static const int sizes[][3] = {{2, 1, 2},     {2, 7, 33},    {3, 64, 16},
                                   {5, 256, 47},  {12, 300, 32}, {13, 257, 8},
                                   {32, 96, 250}, {31, 600, 70}, {32, 288, 800}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int add = 0; add < 2; add++)
            for (int gap = 0; gap < 6; gap += 5)
                check(matmul_few, sizes[i], false, gap, add, &rng);
}

// Any number of rows: tiles of every height follow one another.
Test(matmul_packed, matmuls_bits) {
    Rng rng = rng_new(3);
    static const int sizes[][3] = {{2, 1, 2},    {2, 7, 33},    {5, 256, 47},
                                   {7, 64, 16},  {11, 300, 32}, {13, 257, 8},
                                   {16, 96, 64}, {40, 600, 70}, {32, 288, 800}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int transposed = 0; transposed < 2; transposed++)
            for (int add = 0; add < 2; add++)
                for (int gap = 0; gap < 6; gap += 5)
                    check(by_packing, sizes[i], transposed, gap, add, &rng);
}

// Panels 1 and 2 of five columns fewer than four.
Test(matmul_packed, a_part) {
    Rng rng = rng_new(4);
    const int m = 4 * packed_step() - 5, first = packed_step(), count = m - 2 * first;
    Mat b = random_within(70, m, 0, &rng), x = random_within(9, 70, 0, &rng),
        y = mat_new(9, count), want = mat_new(9, count),
        room = mat_new(1, (int)packed_room(b));
    matmul(want, x, mat_cols(b, first, count));
    matmul_packed(y, x, packed_cols(packed_in(room.at, b), first, count), false);
    cr_assert(same_bits(y, want));
    mat_free(b), mat_free(x), mat_free(y), mat_free(want), mat_free(room);
}

// The bound of what rounding in any order can do: both sums are within it of the truth.
Test(matmul_few, definition) {
    double eps = sizeof(real) == sizeof(float) ? (double)FLT_EPSILON : DBL_EPSILON;
    Rng rng = rng_new(2);
    enum { K = 517, M = 75 };
    Mat b = random_within(K, M, 3, &rng);
    for (int n = 1; n <= MATMUL_FEW; n += 5) {
        Mat x = random_within(n, K, 0, &rng), y = mat_new(n, M), want = mat_new(n, M);
        matmul_few(y, x, b, false), matmul_naive(want, x, b);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < M; j++) {
                double size = 0;
                for (int p = 0; p < K; p++)
                    size += fabs((double)(*mat_at(x, i, p) * *mat_at(b, p, j)));
                cr_assert_leq(fabs((double)(*mat_at(y, i, j) - *mat_at(want, i, j))),
                              (K + 1) * eps * 1.01 * size);
            }
        mat_free(x), mat_free(y), mat_free(want);
    }
    mat_free(b);
}
