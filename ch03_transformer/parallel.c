#include "ch03_transformer/parallel.h"

void parts_add(Mat to, Mat parts) {
    for (int b = 0; b < parts.rows; b++) {
        const real *part = mat_at(parts, b, 0);
        for (int j = 0; j < to.cols; j++) *mat_at(to, 0, j) += part[j];
    }
}

void rows_sum_add(Mat to, Mat from) {
    Mat parts = mat_new(ROW_BLOCKS, from.cols);
#pragma omp parallel for if (worth_threads(from))
    for (int b = 0; b < ROW_BLOCKS; b++) {
        real *part = mat_at(parts, b, 0);
        for (int i = block_first(from.rows, b); i < block_first(from.rows, b + 1);
             i++) {
            const real *row = mat_at(from, i, 0);
            for (int j = 0; j < from.cols; j++) part[j] += row[j];
        }
    }
    parts_add(to, parts);
    mat_free(parts);
}
