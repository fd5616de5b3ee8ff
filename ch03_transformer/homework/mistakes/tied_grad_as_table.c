// loses: 3, says: is read as if it were table, keeps: 9
// The table's gradient in place of the table, for the hidden states' gradient.
#include "ch03_transformer/homework/hw03.h"
#define tied_backward solved_tied_backward
#include "../solution.c"
#undef tied_backward

void tied_backward(Mat table_grad, Mat hidden_grad, const int *ids, Mat input_grad,
                   double input_scale, Mat logits_grad, double logit_scale, Mat hidden,
                   Mat table) {
    (void)table;
    solved_tied_backward(table_grad, hidden_grad, ids, input_grad, input_scale,
                         logits_grad, logit_scale, hidden, table_grad);
}
