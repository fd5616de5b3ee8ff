// loses: 3, says: reached past the end of table_grad
// A token's place in place of its id.
#include "ch03_transformer/homework/hw03.h"
#define tied_backward solved_tied_backward
#include "../solution.c"
#undef tied_backward

void tied_backward(Mat table_grad, Mat hidden_grad, const int *ids, Mat input_grad,
                   double input_scale, Mat logits_grad, double logit_scale, Mat hidden,
                   Mat table) {
    for (int i = 0; i < input_grad.rows; i++)
        for (int c = 0; c < input_grad.cols; c++)
            *mat_at(table_grad, i, c) += (real)input_scale * *mat_at(input_grad, i, c);
    solved_tied_backward(table_grad, hidden_grad, ids, mat_rows(input_grad, 0, 0),
                         input_scale, logits_grad, logit_scale, hidden, table);
}
