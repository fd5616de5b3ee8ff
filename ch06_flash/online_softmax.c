#include "ch06_flash/online_softmax.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "common/numeric/vec.h"

// ---- parts of a row

RowPart row_part_empty(void) { return (RowPart){-(real)INFINITY, 0}; }

RowPart row_part_of(const real *scores, int n) {
    RowPart part = row_part_empty();
    for (int j = 0; j < n; j++)
        part = row_part_merge(part, (RowPart){scores[j], scores[j] > -INFINITY});
    return part;
}

real row_part_factor(RowPart part, RowPart whole) {
    // -inf - -inf would be NaN
    return part.max == -INFINITY ? 0 : (real)exp(part.max - whole.max);
}

RowPart row_part_merge(RowPart a, RowPart b) {
    RowPart whole = {a.max > b.max ? a.max : b.max, 0};
    whole.sum = a.sum * row_part_factor(a, whole) + b.sum * row_part_factor(b, whole);
    return whole;
}

real row_part_log(RowPart part) { return part.max + (real)log(part.sum); }

// ---- attention

// out (1 x d_v) is a sum of values, made with the maximum of `seen`.
static RowPart see_key(RowPart seen, real score, Mat out, const real *value) {
    RowPart key = {score, 1}, now = row_part_merge(seen, key);
    real old = row_part_factor(seen, now), weight = row_part_factor(key, now);
    for (int c = 0; c < out.cols; c++) out.at[c] = old * out.at[c] + weight * value[c];
    return now;
}

static long long attend_query(Mat out, real *log_sum, const FlashHead *h, int i) {
    RowPart seen = row_part_empty();
    long long raised = 0;
    mat_fill(out, 0);
    for (int j = 0; j < h->k.rows; j++) {
        real score =
            array_dot(mat_at(h->q, i, 0), mat_at(h->k, j, 0), (size_t)h->q.cols);
        scores_finish(mat_view(&score, 1, 1), h, i, j);
        if (score == -INFINITY) continue;
        raised += !(score <= seen.max);
        seen = see_key(seen, score, out, mat_at(h->v, j, 0));
    }
    for (int c = 0; c < out.cols && seen.sum != 0; c++) out.at[c] /= seen.sum;
    *log_sum = row_part_log(seen);
    return raised;
}

long long online_attention(Mat out, Mat lse, const FlashHead *h) {
    assert(h->dropout.rate == 0 && "online_attention: dropout is for flash2");
    long long raised = 0;
    for (int i = 0; i < h->q.rows; i++) {
        real log_sum;
        raised += attend_query(mat_rows(out, i, 1), &log_sum, h, i);
        if (lse.at) *mat_at(lse, i, 0) = log_sum;
    }
    return raised;
}
