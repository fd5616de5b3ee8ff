// loses: 2, says: last key's term alone, keeps: 14
// Each term of the output overwrites the one before.
#include "ch02_attention/homework/hw02.h"
#define window_attention solved_window_attention
#include "../solution.c"
#undef window_attention

void window_attention(Mat out, Mat weights, Mat q, Mat k, Mat v, real scale) {
    real *row = allocate((size_t)weights.cols, sizeof *row);
    mat_fill(out, 0), mat_fill(weights, 0);
    for (int i = 0; i < q.rows; i++) {
        int seen = visible_keys(i, weights.cols);
        for (int w = 0; w < seen; w++) row[w] = scale * dot_rows(q, i, k, i - w);
        softmax(row, (size_t)seen);
        for (int w = 0; w < seen; w++) {
            *mat_at(weights, i, w) = row[w];
            mat_fill(mat_rows(out, i, 1), 0);
            add_row(out, i, row[w], v, i - w);
        }
    }
    free(row);
}
