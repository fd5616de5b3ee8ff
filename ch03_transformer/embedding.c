#include "ch03_transformer/embedding.h"

#include <assert.h>
#include <string.h>

#include "ch03_transformer/parallel.h"

enum { STRIPE = 64 };  // columns: rows may meet, columns do not

// to_(ids_i) += from_i.
static void scatter(Mat to, Mat from, const int *ids) {
#pragma omp parallel for if (worth_threads(from))
    for (int first = 0; first < from.cols; first += STRIPE) {
        int cols = from.cols - first < STRIPE ? from.cols - first : STRIPE;
        for (int i = 0; i < from.rows; i++) {
            real *row = mat_at(to, ids[i], first);
            const real *x = mat_at(from, i, first);
            for (int j = 0; j < cols; j++) row[j] += x[j];
        }
    }
}

// to_i = (or +=) from_(ids_i).
static void gather(Mat to, bool add, Mat from, const int *ids) {
    for (int i = 0; i < to.rows; i++) {
        real *row = mat_at(to, i, 0);
        const real *x = mat_at(from, ids[i], 0);
        if (add)
            for (int j = 0; j < to.cols; j++) row[j] += x[j];
        else memcpy(row, x, (size_t)to.cols * sizeof(real));
    }
}

static void check_ids(const int *ids, int n, int rows) {
    for (int i = 0; i < n; i++)
        assert(0 <= ids[i] && ids[i] < rows
               && "embedding: an id is not a row of the table");
    (void)ids, (void)n, (void)rows;
}

static Node *node_with_ids(Tape *t, const Operation *op, int rows, Node *x,
                           const int *ids, int n) {
    Node *y = node_new(t, op, rows, x->value.cols, x, NULL, NULL);
    y->saved = tape_allocate(t, (size_t)n * sizeof *ids);
    memcpy(y->saved, ids, (size_t)n * sizeof *ids);
    return y;
}

static void gather_pull(Tape *t, Node *y) {
    scatter(grad_add(t, y->from[0]), y->grad, y->saved);
}

static const Operation embedding_operation = {"embedding", gather_pull};

Node *gather_rows(Tape *t, Node *table, const int *ids, int n) {
    check_ids(ids, n, table->value.rows);
    Node *y = node_with_ids(t, &embedding_operation, n, table, ids, n);
    gather(y->value, false, table->value, ids);
    return y;
}

static void scatter_pull(Tape *t, Node *y) {
    bool add;
    Mat grad = grad_write(t, y->from[0], &add);
    gather(grad, add, y->grad, y->saved);
}

static const Operation scatter_operation = {"scatter rows", scatter_pull};

Node *scatter_rows(Tape *t, Node *x, const int *ids, int rows) {
    check_ids(ids, x->value.rows, rows);
    Node *y = node_with_ids(t, &scatter_operation, rows, x, ids, x->value.rows);
    mat_fill(y->value, 0);
    scatter(y->value, x->value, ids);
    return y;
}

static void positions_pull(Tape *t, Node *y) { grad_share(t, y->from[0], y); }

static const Operation positions_operation = {"add positions", positions_pull};

Node *add_positions(Tape *t, Node *x, const Position *position, int batch) {
    assert(batch > 0 && x->value.rows % batch == 0
           && "add_positions: rows are not batch x time");
    Node *y =
        node_new(t, &positions_operation, x->value.rows, x->value.cols, x, NULL, NULL);
    mat_copy(y->value, x->value);
    int time = x->value.rows / batch;
    for (int b = 0; b < batch; b++)
        position_add(position, mat_rows(y->value, b * time, time), 0);
    return y;
}
