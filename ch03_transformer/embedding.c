#include "ch03_transformer/embedding.h"

#include <assert.h>
#include <string.h>

#include "ch03_transformer/parallel.h"

enum { STRIPE = 64 };  // columns: rows may meet, columns do not

static void pull(Tape *t, Node *y) {
    const int *ids = y->saved;
    Mat table = grad_add(t, y->from[0]), dy = y->grad;
#pragma omp parallel for if (worth_threads(dy))
    for (int first = 0; first < dy.cols; first += STRIPE) {
        int cols = dy.cols - first < STRIPE ? dy.cols - first : STRIPE;
        for (int i = 0; i < dy.rows; i++) {
            real *to = mat_at(table, ids[i], first);
            const real *from = mat_at(dy, i, first);
            for (int j = 0; j < cols; j++) to[j] += from[j];
        }
    }
}

static const Operation embedding_operation = {"embedding", pull};

Node *gather_rows(Tape *t, Node *table, const int *ids, int n) {
    Node *y = node_new(t, &embedding_operation, n, table->value.cols, table, NULL, NULL);
    y->saved = tape_allocate(t, (size_t)n * sizeof *ids);
    memcpy(y->saved, ids, (size_t)n * sizeof *ids);
    for (int i = 0; i < n; i++) {
        assert(0 <= ids[i] && ids[i] < table->value.rows && "embedding: an id is not a row of the table");
        memcpy(mat_at(y->value, i, 0), mat_at(table->value, ids[i], 0), (size_t)y->value.cols * sizeof(real));
    }
    return y;
}

static void positions_pull(Tape *t, Node *y) { grad_share(t, y->from[0], y); }

static const Operation positions_operation = {"add positions", positions_pull};

Node *add_positions(Tape *t, Node *x, const Position *position, int batch) {
    assert(batch > 0 && x->value.rows % batch == 0 && "add_positions: rows are not batch x time");
    Node *y = node_new(t, &positions_operation, x->value.rows, x->value.cols, x, NULL, NULL);
    mat_copy(y->value, x->value);
    int time = x->value.rows / batch;
    for (int b = 0; b < batch; b++) position_add(position, mat_rows(y->value, b * time, time), 0);
    return y;
}
