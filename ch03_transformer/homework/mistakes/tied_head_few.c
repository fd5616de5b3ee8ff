// loses: 3, says: hidden.rows is a number of its own, keeps: 12
// The head has as many rows as there are inputs.
#include "ch03_transformer/homework/hw03.h"
#define tied_backward solved_tied_backward
#include "../solution.c"
#undef tied_backward

void tied_backward(Mat table_grad, Mat hidden_grad, const int *ids, Mat input_grad,
                   double input_scale, Mat logits_grad, double logit_scale, Mat hidden,
                   Mat table) {
    Mat before = mat_new(hidden.rows, hidden.cols);
    int rows = input_grad.rows < hidden.rows ? input_grad.rows : hidden.rows;
    mat_copy(mat_rows(before, 0, rows), mat_rows(hidden, 0, rows));
    solved_tied_backward(table_grad, hidden_grad, ids, input_grad, input_scale,
                         logits_grad, logit_scale, before, table);
    mat_free(before);
}
