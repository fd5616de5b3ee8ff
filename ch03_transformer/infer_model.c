#include "ch03_transformer/infer_model.h"

#include <stdlib.h>

#include "common/error.h"

Mat infer_model_new_mat(InferModel *m, int rows, int cols) {
    reserve(m->owned, m->owned_capacity, m->owned_count + 1);
    return m->owned[m->owned_count++] = mat_new(rows, cols);
}

void infer_model_free(InferModel *m) {
    for (size_t i = 0; i < m->owned_count; i++) mat_free(m->owned[i]);
    free(m->owned), free(m->layer);
    *m = (InferModel){0};
}

static size_t numbers(Mat m) { return m.at ? (size_t)m.rows * m.cols : 0; }

size_t infer_model_weights(const InferModel *m) {
    size_t n = (size_t)m->vocab * m->dim;
    for (int l = 0; l < m->layers; l++) {
        const InferLayer *a = &m->layer[l];
        n += numbers(a->q) + numbers(a->k) + numbers(a->v) + numbers(a->o);
        n += numbers(a->gate) + numbers(a->up) + numbers(a->down);
    }
    return n;
}
