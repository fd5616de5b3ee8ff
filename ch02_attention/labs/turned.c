#include "ch02_attention/labs/turned.h"

#include <math.h>

#include "common/numeric/small.h"

enum { BLOCK = 64 };  // queries turned at a time

double row_dot(Mat a, Mat b) {
    double sum = 0;
    for (int j = 0; j < a.cols; j++) sum += (double)*mat_at(a, 0, j) * *mat_at(b, 0, j);
    return sum;
}

void scores_by_distance(double *scores, int count, const Position *p, Mat q, Mat k) {
    Mat key = mat_new(1, k.cols);
    mat_copy(key, k);
    position_turn(p, key, 1, 0, true);
#pragma omp parallel for
    for (int first = 0; first < count; first += BLOCK) {
        int rows = int_min(BLOCK, count - first);
        Mat queries = mat_new(rows, q.cols);
        for (int t = 0; t < rows; t++) mat_copy(mat_rows(queries, t, 1), q);
        position_turn(p, queries, 1, first, false);
        for (int t = 0; t < rows; t++)
            scores[first + t] = row_dot(mat_rows(queries, t, 1), key);
        mat_free(queries);
    }
    mat_free(key);
}

void fill_unit_points(Rng *rng, Mat x, RopePairing pairing) {
    int half = x.cols / 2;
    for (int i = 0; i < half; i++) {
        double angle = 2 * M_PI * rng_uniform(rng);
        bool split = pairing == ROPE_HALF_SPLIT;
        *mat_at(x, 0, split ? i : 2 * i) = (real)cos(angle);
        *mat_at(x, 0, split ? half + i : 2 * i + 1) = (real)sin(angle);
    }
}
