#include "ch01_tokenizer/embedding.h"

#include <assert.h>

void embedding(Mat out, Mat table, const int *ids) {
    assert(out.cols == table.cols);
    for (int i = 0; i < out.rows; i++) {
        assert(0 <= ids[i] && ids[i] < table.rows);
        for (int j = 0; j < out.cols; j++)
            *mat_at(out, i, j) = *mat_at(table, ids[i], j);
    }
}

void embedding_backward(Mat table_grad, Mat out_grad, const int *ids) {
    assert(out_grad.cols == table_grad.cols);
    for (int i = 0; i < out_grad.rows; i++) {
        assert(0 <= ids[i] && ids[i] < table_grad.rows);
        for (int j = 0; j < out_grad.cols; j++)
            *mat_at(table_grad, ids[i], j) += *mat_at(out_grad, i, j);
    }
}

void one_hot(Mat out, const int *ids) {
    mat_fill(out, 0);
    for (int i = 0; i < out.rows; i++) {
        assert(0 <= ids[i] && ids[i] < out.cols);
        *mat_at(out, i, ids[i]) = 1;
    }
}

void embedding_product(Mat out, Mat table, const int *ids) {
    Mat hot = mat_new(out.rows, table.rows);
    one_hot(hot, ids);
    matmul(out, hot, table);
    mat_free(hot);
}

void embedding_product_backward(Mat table_grad, Mat out_grad, const int *ids) {
    Mat hot = mat_new(out_grad.rows, table_grad.rows);
    one_hot(hot, ids);
    matmul_add(table_grad, mat_transpose(hot), out_grad);
    mat_free(hot);
}
