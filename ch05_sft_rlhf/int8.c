#include "ch05_sft_rlhf/int8.h"

#include <math.h>
#include <stdlib.h>

#include "common/error.h"

enum { MOST = 127 };

static real row_scale(Mat row) {
    double largest = 0;
    for (int j = 0; j < row.cols; j++)
        largest = fmax(largest, fabs((double)*mat_at(row, 0, j)));
    return (real)(largest / MOST);
}

// A row of zeros has the scale 0, and zeros.
static int8_t rounded(real w, real scale) {
    if (scale == 0) return 0;
    double q = nearbyint((double)w / (double)scale);
    return (int8_t)fmin(fmax(q, -MOST), MOST);
}

Int8 int8_of(Mat w) {
    Int8 q = {w.rows, w.cols, allocate((size_t)w.rows * (size_t)w.cols, 1),
              allocate((size_t)w.rows, sizeof *q.scale)};
    for (int i = 0; i < w.rows; i++) {
        q.scale[i] = row_scale(mat_rows(w, i, 1));
        for (int j = 0; j < w.cols; j++)
            q.at[(size_t)i * (size_t)w.cols + (size_t)j] =
                rounded(*mat_at(w, i, j), q.scale[i]);
    }
    return q;
}

void int8_mat(Mat to, const Int8 *q) {
    for (int i = 0; i < q->rows; i++)
        for (int j = 0; j < q->cols; j++)
            *mat_at(to, i, j) =
                q->scale[i] * (real)q->at[(size_t)i * (size_t)q->cols + (size_t)j];
}

size_t int8_bytes(const Int8 *q) {
    enum { FLOAT_BYTES = 4 };
    return (size_t)q->rows * (size_t)q->cols + FLOAT_BYTES * (size_t)q->rows;
}

void int8_free(Int8 *q) {
    free(q->at), free(q->scale);
    *q = (Int8){0};
}
