#include "ch03_transformer/dropout.h"

#include <assert.h>

#include "ch03_transformer/parallel.h"

typedef struct {
    uint64_t key;
    double rate;
} Saved;

// Two rounds of MurmurHash3's finalizer.
static inline uint32_t hash(uint32_t x) {
    x = (x ^ x >> 16) * 0x85ebca6bu;
    x = (x ^ x >> 13) * 0xc2b2ae35u;
    return x ^ x >> 16;
}

// to = (or +=) keep from / (1 - rate), row i.
static void drop_row(real *to, bool add, const real *from, int n, const Saved *s,
                     int i) {
    uint32_t row = hash((uint32_t)s->key + hash((uint32_t)i)),
             high = (uint32_t)(s->key >> 32);
    uint32_t drop_below = (uint32_t)(s->rate * 0x1p32);
    real factor = (real)(1 / (1 - s->rate));
    for (int j = 0; j < n; j++) {
        real y = hash(hash(row + (uint32_t)j * 0x9e3779b9u) ^ high) >= drop_below
                     ? factor * from[j]
                     : 0;
        to[j] = add ? to[j] + y : y;
    }
}

static void drop(Mat to, bool add, Mat from, const Saved *s) {
#pragma omp parallel for if (worth_threads(to))
    for (int i = 0; i < to.rows; i++)
        drop_row(mat_at(to, i, 0), add, mat_at(from, i, 0), to.cols, s, i);
}

static void pull(Tape *t, Node *y) {
    bool add;
    Mat grad = grad_in_place(t, y->from[0], y, &add);
    drop(grad, add, y->grad, y->saved);
}

static const Operation dropout_operation = {"dropout", pull};

Node *dropout(Tape *t, Node *x, double rate) {
    assert(0 <= rate && rate < 1 && "dropout: the rate is not in [0, 1)");
    if (rate == 0 || !tape_is_training(t)) return x;
    Node *y =
        node_new(t, &dropout_operation, x->value.rows, x->value.cols, x, NULL, NULL);
    Saved *s = y->saved = tape_allocate(t, sizeof *s);
    *s = (Saved){tape_draw(t), rate};
    drop(y->value, false, x->value, s);
    return y;
}
