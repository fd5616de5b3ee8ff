#include "ch06_flash/flash_head.h"

#include "common/numeric/vec.h"

static void cap_row(real *s, real *slopes, int n, real cap) {
    for (int j = 0; j < n; j++) s[j] /= cap;
    array_tanh(s, (size_t)n);
    for (int j = 0; j < n && slopes; j++) slopes[j] = 1 - s[j] * s[j];
    for (int j = 0; j < n; j++) s[j] *= cap;
}

void scores_finish_with_slopes(Mat s, Mat slopes, const FlashHead *h, int row,
                               int col) {
    int queries = h->q.rows, keys = h->k.rows;
    mat_scale(s, h->scale);
    for (int i = 0; i < s.rows && h->softcap; i++)
        cap_row(mat_at(s, i, 0), slopes.at ? mat_at(slopes, i, 0) : NULL, s.cols,
                h->softcap);
    if (h->position)
        position_bias(h->position, h->number, s, row + keys - queries, col);
    for (int i = 0; i < s.rows; i++)
        mask_row(mat_at(s, i, 0), col, s.cols, &h->mask, queries, keys, row + i);
}

void scores_finish(Mat s, const FlashHead *h, int row, int col) {
    scores_finish_with_slopes(s, (Mat){0}, h, row, col);
}
