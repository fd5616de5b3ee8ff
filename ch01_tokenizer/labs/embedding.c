// An embedding is a look-up, and the same numbers as a product with a one-hot matrix.
// Lecture, section 1.13.
//
// Both are counted as they run: numbers copied, and multiply-adds. The product costs V
// times as much.
#include <stdlib.h>
#include <string.h>

#include "ch01_tokenizer/embedding.h"
#include "common/error.h"
#include "common/program/lab.h"

static const Option options[] = {{"tokens", "24", "N: tokens looked up"},
                                 {"dim", "16", "d: numbers per token"},
                                 {"vocabulary", "1000", "V: rows of the table"},
                                 {0}};

enum { LARGEST = 1 << 14 };

static int *draw_ids(Rng *rng, int n, int vocabulary) {
    int *ids = allocate((size_t)n, sizeof *ids);
    for (int i = 0; i < n; i++) ids[i] = rng_below(rng, vocabulary);
    ids[n - 1] = ids[0];  // one token at least occurs twice: its gradient has two parts
    return ids;
}

// 0 times a number is 0, and adding 0 changes nothing: not a single bit may differ.
static void claim_same(Lab *lab, Rng *rng, int n, int d, int vocabulary) {
    int *ids = draw_ids(rng, n, vocabulary);
    Mat table = mat_new(vocabulary, d), looked_up = mat_new(n, d),
        product = mat_new(n, d);
    rng_fill_normal(rng, table, 1);
    embedding(looked_up, table, ids);
    embedding_product(product, table, ids);
    claim_near(lab, "1.3", "look-up - one_hot x table, largest", 0,
               mat_difference(looked_up, product), 0);
    mat_free(table), mat_free(looked_up), mat_free(product);
    free(ids);
}

// Whole numbers up to 8 keep sums of n <= 10^6 of them below 2^24: exact in any order
// of adding.
static void fill_whole(Rng *rng, Mat m) {
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++)
            *mat_at(m, i, j) = (real)(1 + rng_below(rng, 8));
}

static int distinct(const int *ids, int n) {
    int count = 0;
    for (int i = 0; i < n; i++) {
        int seen = 0;
        for (int k = 0; k < i; k++) seen |= ids[k] == ids[i];
        count += !seen;
    }
    return count;
}

static int touched_rows(Mat grad) {
    int count = 0;
    for (int i = 0; i < grad.rows; i++) {
        int touched = 0;
        for (int j = 0; j < grad.cols; j++) touched |= *mat_at(grad, i, j) != 0;
        count += touched;
    }
    return count;
}

static void claim_gradient(Lab *lab, Rng *rng, int n, int d, int vocabulary) {
    int *ids = draw_ids(rng, n, vocabulary);
    Mat scattered = mat_new(vocabulary, d), product = mat_new(vocabulary, d),
        out_grad = mat_new(n, d);
    fill_whole(rng, out_grad);
    embedding_backward(scattered, out_grad, ids);
    embedding_product_backward(product, out_grad, ids);
    claim_near(lab, "1.3", "gradient: scatter-add - one_hot^T x grad", 0,
               mat_difference(scattered, product), 0);
    claim_equal(lab, "1.3", "rows with a gradient = distinct tokens", distinct(ids, n),
                touched_rows(scattered));
    mat_free(scattered), mat_free(product), mat_free(out_grad);
    free(ids);
}

typedef struct {
    long long lookup, product;
} Cost;

// The two loops with a counter in the innermost line; their results must agree. The
// product goes row by row of the table: V x d of it is read once per token.
static Cost count_cost(Lab *lab, Rng *rng, int n, int d, int vocabulary) {
    int *ids = draw_ids(rng, n, vocabulary);
    Mat table = mat_new(vocabulary, d), hot = mat_new(1, vocabulary);
    real *copied = allocate((size_t)d, sizeof *copied),
         *sum = allocate((size_t)d, sizeof *sum);
    rng_fill_normal(rng, table, 1);
    Cost cost = {0};
    for (int i = 0; i < n; i++) {
        if (vocabulary == LARGEST) lab_progress(lab, i, n);
        one_hot(hot, &ids[i]);
        for (int j = 0; j < d; j++, cost.lookup++)
            copied[j] = *mat_at(table, ids[i], j);
        memset(sum, 0, (size_t)d * sizeof *sum);
        for (int v = 0; v < vocabulary; v++) {
            const real *row = mat_at(table, v, 0), h = *mat_at(hot, 0, v);
            for (int j = 0; j < d; j++, cost.product++) sum[j] += h * row[j];
        }
        for (int j = 0; j < d; j++)
            if (sum[j] != copied[j]) die("embedding: the counted loops disagree");
    }
    if (vocabulary == LARGEST) lab_progress(lab, 1, 1);
    mat_free(table), mat_free(hot);
    free(copied), free(sum), free(ids);
    return cost;
}

static void run(Lab *lab) {
    int n = (int)option_int(&lab->args, "tokens", 2, 1000);
    int d = (int)option_int(&lab->args, "dim", 1, 1000);
    int vocabulary = (int)option_int(&lab->args, "vocabulary", 1, 100000);
    Rng rng = lab->rng;
    claim_same(lab, &rng, n, d, vocabulary);
    claim_gradient(lab, &rng, n, d, vocabulary);
    lab_print(lab, "%8s %16s %22s", "V", "look-up: copies", "product: multiply-adds");
    Cost cost = {0};
    int v = 0;
    for (int size = 4; size <= LARGEST; size *= 4) {
        v = size;
        cost = count_cost(lab, &rng, n, d, v);
        lab_print(lab, "%8d %16lld %22lld", v, cost.lookup, cost.product);
    }
    claim_equal(lab, "1.3", "look-up, V = 16384: copies = N d", (long long)n * d,
                cost.lookup);
    claim_equal(lab, "1.3", "product, V = 16384: multiply-adds = N V d",
                (long long)n * v * d, cost.product);
}

const LabSpec lab_embedding = {
    "embedding", "1.13", "Embedding: a look-up, or a product with a one-hot matrix",
    run, options};
