// loses: 3, says: a token that comes again, keeps: 3
// Rows of the table are written, not added to, by the look-up.
#include "ch03_transformer/homework/hw03.h"
#define tied_backward solved_tied_backward
#include "../solution.c"
#undef tied_backward

void tied_backward(Mat table_grad, Mat hidden_grad, const int *ids, Mat input_grad,
                   double input_scale, Mat logits_grad, double logit_scale, Mat hidden,
                   Mat table) {
    for (int i = 0; i < input_grad.rows; i++) {
        Mat row = mat_rows(table_grad, ids[i], 1);
        mat_fill(row, 0);
        mat_add_scaled(row, (real)input_scale, mat_rows(input_grad, i, 1));
    }
    input_grad = mat_rows(input_grad, 0, 0);
    solved_tied_backward(table_grad, hidden_grad, ids, input_grad, input_scale,
                         logits_grad, logit_scale, hidden, table);
}
