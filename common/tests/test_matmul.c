// matmul against the definition in double, for every kind of view and many sizes.
//
// The bound: a sum of k products in floating point, in any order, fused or not, is off
// by at most gamma(k) * sum |a| |b|, gamma(k) = k eps / (1 - k eps), with eps half the
// distance from 1 to the next number (Higham, "Accuracy and Stability of Numerical
// Algorithms", 2002, 3.5). matmul_add and matmul_plus add once more.
#include <criterion/criterion.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#ifdef _OPENMP
#include <omp.h>
#endif

#include "common/error.h"
#include "common/numeric/mat.h"
#include "common/numeric/rng.h"

#ifdef REAL_IS_DOUBLE
#define EPS (DBL_EPSILON / 2)
typedef long double Wide;
#else
#define EPS (FLT_EPSILON / 2)
typedef double Wide;
#endif

enum View { ROWS, COLUMNS, PADDED_ROWS, PADDED_COLUMNS, SPREAD, BACKWARDS, VIEWS };
static const char *const view_names[VIEWS] = {
    "rows", "columns", "padded rows", "padded columns", "spread", "backwards"};
static const real GUARD = (real)-12345.5;

// A view of exactly enough memory: ASan sees a step over either end.
typedef struct {
    real *memory;
    size_t count;
    Mat view;
} Field;

static Field field_new(int rows, int cols, enum View kind) {
    ptrdiff_t down = 0, right = 0, first = 0;
    switch (kind) {
        case ROWS: down = cols, right = 1; break;
        case COLUMNS: down = 1, right = rows; break;
        case PADDED_ROWS: down = cols + 5, right = 1; break;
        case PADDED_COLUMNS: down = 1, right = rows + 3; break;
        case SPREAD: down = 3 * cols + 2, right = 3; break;
        case BACKWARDS:
            down = -cols, right = 1, first = (ptrdiff_t)(rows - 1) * cols;
            break;
        case VIEWS: break;
    }
    Field f = {.count = 0};
    if (rows > 0 && cols > 0)
        f.count = (size_t)(first + (rows - 1) * (down > 0 ? down : 0)
                           + (cols - 1) * right + 1);
    f.memory = malloc((f.count + 1) * sizeof(real));
    // one element further, so that the data is not aligned to more than an element
    for (size_t i = 0; i <= f.count; i++) f.memory[i] = GUARD;
    f.view = (Mat){f.memory + 1 + (rows > 0 && cols > 0 ? first : 0), rows, cols, down,
                   right};
    return f;
}

static Field field_random(int rows, int cols, enum View kind, Rng *rng) {
    Field f = field_new(rows, cols, kind);
    rng_fill_normal(rng, f.view, 1);
    return f;
}

// What the product is added to: nothing, c, another matrix, or the same row for all of c.
enum Plus { NOTHING, ITSELF, OTHER, ONE_ROW, PLUS };
static const char *const plus_names[PLUS] = {"", ", added", ", and another",
                                             ", and a row"};

static void check_product(int m, int n, int k, enum View of_a, enum View of_b,
                          enum View of_c, enum Plus plus, Rng *rng) {
    Field a = field_random(m, k, of_a, rng), b = field_random(k, n, of_b, rng),
          c = field_new(m, n, of_c);
    Field before = field_random(m, n, plus == ITSELF ? of_c : of_a, rng);
    if (plus == ONE_ROW) before.view.row_stride = 0;
    mat_fill(c.view, NAN);  // what was there must not matter
    if (plus == ITSELF) {
        memcpy(c.memory, before.memory, (c.count + 1) * sizeof(real));
        matmul_add(c.view, a.view, b.view);
    } else if (plus) matmul_plus(c.view, before.view, a.view, b.view);
    else matmul(c.view, a.view, b.view);
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            Wide sum = plus ? *mat_at(before.view, i, j) : 0, size = fabs((double)sum);
            for (int p = 0; p < k; p++) {
                Wide product = (Wide)*mat_at(a.view, i, p) * *mat_at(b.view, p, j);
                sum += product, size += fabs((double)product);
            }
            real got = *mat_at(c.view, i, j);
            double bound = (k + 1) * (double)EPS * 1.01 * (double)size;
            cr_assert(fabs((double)(got - sum)) <= bound,
                      "%d x %d x %d, a by %s, b by %s, c by %s%s: c[%d,%d] = %.9g, "
                      "should be %.9g +- %.2g",
                      m, n, k, view_names[of_a], view_names[of_b], view_names[of_c],
                      plus_names[plus], i, j, (double)got, (double)sum, bound);
            *mat_at(c.view, i, j) = GUARD;
        }
    for (size_t i = 0; i <= c.count; i++)
        cr_assert(c.memory[i] == GUARD, "%d x %d x %d: wrote beside c (%s)", m, n, k,
                  view_names[of_c]);
    free(a.memory);
    free(b.memory);
    free(c.memory);
    free(before.memory);
}

Test(matmul, every_kind_of_view) {
    Rng rng = rng_new(1);
    static const int sizes[][3] = {{1, 1, 1},   {2, 3, 4},   {13, 33, 17}, {1, 70, 40},
                                   {70, 1, 40}, {37, 65, 1}, {50, 10, 30}, {5, 130, 21},
                                   {1, 1, 50},  {24, 64, 32}};
    for (int a = 0; a < VIEWS; a++)
        for (int b = 0; b < VIEWS; b++)
            for (int c = 0; c < VIEWS; c++)
                for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
                    for (int plus = 0; plus < PLUS; plus++)
                        check_product(sizes[s][0], sizes[s][1], sizes[s][2],
                                      (enum View)a, (enum View)b, (enum View)c,
                                      (enum Plus)plus, &rng);
}

Test(matmul, many_random_sizes) {
    Rng rng = rng_new(2);
    for (int round = 0; round < 400; round++) {
        int most = round % 4 == 0 ? 150 : 40;
        check_product(1 + rng_below(&rng, most), 1 + rng_below(&rng, most),
                      1 + rng_below(&rng, most), (enum View)rng_below(&rng, VIEWS),
                      (enum View)rng_below(&rng, VIEWS),
                      (enum View)rng_below(&rng, VIEWS),
                      (enum Plus)rng_below(&rng, PLUS), &rng);
    }
}

// Past every block's edge: more rows, columns and depth than one block holds, on 1 and
// on 3 threads.
Test(matmul, larger_than_a_block) {
    Rng rng = rng_new(3);
    static const int sizes[][3] = {{130, 70, 513},  {257, 9, 300},   {9, 1100, 257},
                                   {1, 1500, 1100}, {1500, 1, 1100}, {250, 530, 261},
                                   {400, 300, 3},   {3, 5, 2100}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int transposed = 0; transposed < 4; transposed++) {
#ifdef _OPENMP
            omp_set_num_threads(transposed % 2 ? 3 : 1);
#endif
            check_product(sizes[s][0], sizes[s][1], sizes[s][2],
                          transposed & 1 ? COLUMNS : ROWS,
                          transposed & 2 ? COLUMNS : ROWS, PADDED_ROWS,
                          (enum Plus)transposed, &rng);
        }
}

Test(matmul, nothing) {
    Rng rng = rng_new(4);
    static const int sizes[][3] = {
        {0, 0, 0}, {0, 5, 3}, {5, 0, 3}, {1, 0, 1}, {0, 1, 7}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (int plus = 0; plus < PLUS; plus++)
            check_product(sizes[s][0], sizes[s][1], sizes[s][2], ROWS, ROWS, ROWS,
                          (enum Plus)plus, &rng);
    for (int kind = 0; kind < VIEWS; kind++)
        for (int plus = 0; plus < PLUS; plus++) {  // k = 0: zeros, or nothing added
            check_product(3, 4, 0, ROWS, ROWS, (enum View)kind, (enum Plus)plus, &rng);
            check_product(1, 40, 0, ROWS, ROWS, (enum View)kind, (enum Plus)plus, &rng);
        }
}

// 0 * inf and 0 * NaN are NaN by the definition, and no number beside that row and
// column knows of it.
Test(matmul, nan_and_infinity_go_where_they_belong) {
    enum { M = 30, N = 75, K = 40 };
    for (int m = 1; m <= M; m += M - 1)
        for (int kind = 0; kind < 4; kind++) {
            Field a = field_new(m, K, kind & 1 ? COLUMNS : ROWS),
                  b = field_new(K, N, kind & 2 ? COLUMNS : ROWS);
            Mat c = mat_new(m, N);
            mat_fill(a.view, 0);
            mat_fill(b.view, 1);
            *mat_at(b.view, 7, 3) = INFINITY;  // times 0: column 3 is NaN
            *mat_at(b.view, 39, 70) = NAN;     // column 70 too
            // times 1: the last row is inf, but for those
            *mat_at(a.view, m - 1, 20) = INFINITY;
            matmul(c, a.view, b.view);
            for (int i = 0; i < m; i++)
                for (int j = 0; j < N; j++) {
                    real x = *mat_at(c, i, j);
                    if (j == 3 || j == 70)
                        cr_assert(isnan(x), "c[%d,%d] = %g", i, j, (double)x);
                    else
                        cr_assert(x == (i == m - 1 ? (real)INFINITY : 0),
                                  "c[%d,%d] = %g", i, j, (double)x);
                }
            free(a.memory);
            free(b.memory);
            mat_free(c);
        }
}

Test(matmul, naive_is_the_definition) {
    real a[] = {1, 2, 3, 4, 5, 6}, b[] = {1, 0, 2, 1, 0, 3}, c[4];
    matmul_naive(mat_view(c, 2, 2), mat_view(a, 2, 3), mat_view(b, 3, 2));
    const real want[] = {1 + 4, 2 + 9, 4 + 10, 5 + 18};
    for (int i = 0; i < 4; i++) cr_assert(c[i] == want[i]);
    mat_fill(mat_view(c, 2, 2), 9);
    matmul_naive(mat_view(c, 2, 2), mat_view(a, 2, 0), mat_view(b, 0, 2));
    for (int i = 0; i < 4; i++) cr_assert(c[i] == 0);
}

#ifdef _OPENMP

static void product_bits(int m, int n, int k, bool inside, int threads, real *out,
                         const real *a, const real *b, int transposed) {
    Mat left = transposed & 1 ? mat_transpose(mat_view((real *)a, k, m))
                              : mat_view((real *)a, m, k);
    Mat right = transposed & 2 ? mat_transpose(mat_view((real *)b, n, k))
                               : mat_view((real *)b, k, n);
    omp_set_num_threads(threads);
    memset(out, 0, (size_t)m * n * sizeof *out);
    if (!inside) {
        matmul_add(mat_view(out, m, n), left, right);
        return;
    }
    real *copies = allocate(2 * (size_t)m * n, sizeof *out);
    int team = 0;
#pragma omp parallel num_threads(2)
    {
#pragma omp atomic write
        team = omp_get_num_threads();
        matmul(mat_view(copies + omp_get_thread_num() * m * n, m, n), left, right);
    }
    cr_assert(team == 2);
    cr_assert(memcmp(copies, copies + m * n, (size_t)m * n * sizeof *out) == 0);
    memcpy(out, copies, (size_t)m * n * sizeof *out);
    free(copies);
}

Test(matmul, same_bits_for_any_number_of_threads) {
    static const int sizes[][3] = {{300, 270, 301}, {64, 4000, 90},  {3000, 33, 210},
                                   {1, 3000, 1030}, {3000, 1, 1030}, {7, 6000, 500},
                                   {512, 512, 64},  {4001, 5, 1050}};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        int m = sizes[s][0], n = sizes[s][1], k = sizes[s][2];
        real *a = allocate((size_t)m * k, sizeof *a),
             *b = allocate((size_t)k * n, sizeof *b);
        real *one = allocate((size_t)m * n, sizeof *one),
             *many = allocate((size_t)m * n, sizeof *many);
        Rng rng = rng_new(5);
        rng_fill_normal(&rng, mat_view(a, m, k), 1);
        rng_fill_normal(&rng, mat_view(b, k, n), 1);
        for (int transposed = 0; transposed < 4; transposed++) {
            product_bits(m, n, k, false, 1, one, a, b, transposed);
            for (int threads = 2; threads <= 5; threads++) {
                product_bits(m, n, k, threads == 5, threads, many, a, b, transposed);
                cr_assert(memcmp(one, many, (size_t)m * n * sizeof *one) == 0,
                          "%d x %d x %d (%d): %d threads", m, n, k, transposed,
                          threads);
            }
        }
        free(a);
        free(b);
        free(one);
        free(many);
    }
}

#endif
