// Embedding: the look-up against the product, the gradient against its definition, and
// a trap.
#include <criterion/criterion.h>
#include <math.h>

#include "ch01_tokenizer/embedding.h"
#include "common/numeric/rng.h"

enum { MOST = 40 };

static void draw_ids(Rng *rng, int *ids, int n, int vocabulary) {
    for (int i = 0; i < n; i++) ids[i] = rng_below(rng, vocabulary);
}

static void assert_same(Mat a, Mat b) {
    for (int i = 0; i < a.rows; i++)
        for (int j = 0; j < a.cols; j++)
            cr_assert_eq(*mat_at(a, i, j), *mat_at(b, i, j), "at %d, %d", i, j);
}

Test(embedding, lookup_is_the_product) {
    Rng rng = rng_new(1);
    for (int round = 0; round < 50; round++) {
        int n = rng_below(&rng, MOST), d = rng_below(&rng, 20),
            v = 1 + rng_below(&rng, 60), ids[MOST];
        Mat table = mat_new(v, d), out = mat_new(n, d), product = mat_new(n, d);
        rng_fill_normal(&rng, table, 1);
        draw_ids(&rng, ids, n, v);
        embedding(out, table, ids);
        embedding_product(product, table, ids);
        assert_same(out, product);
        for (int i = 0; i < n; i++)
            assert_same(mat_rows(out, i, 1), mat_rows(table, ids[i], 1));
        mat_free(table), mat_free(out), mat_free(product);
    }
}

// Columns of a wider matrix, and a table that lies transposed.
Test(embedding, views) {
    Rng rng = rng_new(2);
    Mat lying = mat_new(5, 9), wide = mat_new(4, 11), table = mat_transpose(lying),
        out = mat_cols(wide, 3, 5);
    int ids[] = {8, 0, 3, 8};
    rng_fill_normal(&rng, lying, 1);
    embedding(out, table, ids);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 11; j++)
            cr_assert_eq(*mat_at(wide, i, j),
                         j < 3 || j >= 8 ? 0 : *mat_at(lying, j - 3, ids[i]));
    mat_free(lying), mat_free(wide);
}

// The definition: row v of the gradient is the sum over all places where v occurs.
// Whole numbers: exact.
Test(embedding, gradient_by_its_definition) {
    Rng rng = rng_new(3);
    for (int round = 0; round < 50; round++) {
        int n = rng_below(&rng, MOST), d = 1 + rng_below(&rng, 9),
            v = 1 + rng_below(&rng, 12), ids[MOST];
        Mat grad = mat_new(v, d), product = mat_new(v, d), out_grad = mat_new(n, d);
        for (int i = 0; i < n; i++)
            for (int j = 0; j < d; j++)
                *mat_at(out_grad, i, j) = (real)rng_below(&rng, 100);
        // gradients are added to what is there
        mat_fill(grad, 7), mat_fill(product, 7);
        draw_ids(&rng, ids, n, v);
        embedding_backward(grad, out_grad, ids);
        embedding_product_backward(product, out_grad, ids);
        for (int r = 0; r < v; r++)
            for (int j = 0; j < d; j++) {
                real sum = 7;
                for (int i = 0; i < n; i++)
                    sum += ids[i] == r ? *mat_at(out_grad, i, j) : 0;
                cr_assert_eq(*mat_at(grad, r, j), sum, "row %d of %d", r, v);
            }
        assert_same(grad, product);
        mat_free(grad), mat_free(product), mat_free(out_grad);
    }
}

static double loss(Mat table, Mat weights, const int *ids) {
    Mat out = mat_new(weights.rows, weights.cols);
    double sum = 0;
    embedding(out, table, ids);
    for (int i = 0; i < out.rows; i++)
        for (int j = 0; j < out.cols; j++)
            sum += sin((double)*mat_at(out, i, j)) * *mat_at(weights, i, j);
    mat_free(out);
    return sum;
}

// Central differences of sum w sin(out). Step h: error h^2/6 from the curve, epsilon/h
// from rounding.
Test(embedding, gradient_by_differences) {
    enum { N = 7, V = 5, D = 3 };
    const int ids[N] = {4, 1, 4, 0, 4, 1, 2};  // 3 does not occur
    const double h = sizeof(real) == 8 ? 1e-5 : 1e-2,
                 tolerance = sizeof(real) == 8 ? 1e-8 : 1e-3;
    Rng rng = rng_new(4);
    Mat table = mat_new(V, D), weights = mat_new(N, D), out_grad = mat_new(N, D),
        grad = mat_new(V, D);
    rng_fill_normal(&rng, table, 1), rng_fill_normal(&rng, weights, 1);
    embedding(out_grad, table, ids);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < D; j++)
            *mat_at(out_grad, i, j) =
                (real)(cos((double)*mat_at(out_grad, i, j)) * *mat_at(weights, i, j));
    embedding_backward(grad, out_grad, ids);
    for (int v = 0; v < V; v++)
        for (int j = 0; j < D; j++) {
            real here = *mat_at(table, v, j), up = (real)(here + h),
                 down = (real)(here - h);
            *mat_at(table, v, j) = up;
            double high = loss(table, weights, ids);
            *mat_at(table, v, j) = down;
            double low = loss(table, weights, ids);
            *mat_at(table, v, j) = here;
            cr_assert_float_eq((double)*mat_at(grad, v, j),
                               (high - low) / ((double)up - down), tolerance);
        }
    mat_free(table), mat_free(weights), mat_free(out_grad), mat_free(grad);
}

// Where the two are not the same: 0 x inf is NaN, so one bad row of the table spoils
// every token's product.
Test(embedding, an_infinite_row_spoils_the_product_only) {
    Mat table = mat_new(3, 1), out = mat_new(2, 1), product = mat_new(2, 1);
    const int ids[] = {0, 1};
    *mat_at(table, 1, 0) = 5;
    *mat_at(table, 2, 0) = (real)INFINITY;
    embedding(out, table, ids);
    embedding_product(product, table, ids);
    cr_assert_eq(*mat_at(out, 1, 0), 5);
    cr_assert(isnan(*mat_at(product, 0, 0)) && isnan(*mat_at(product, 1, 0)));
    mat_free(table), mat_free(out), mat_free(product);
}
