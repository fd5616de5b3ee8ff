// loses: 3, says: input_grad.rows, keeps: 9
// Goes through as many tokens as logits were asked for.
#include "ch03_transformer/homework/hw03.h"
#define tied_backward solved_tied_backward
#include "../solution.c"
#undef tied_backward

void tied_backward(Mat table_grad, Mat hidden_grad, const int *ids, Mat input_grad,
                   double input_scale, Mat logits_grad, double logit_scale, Mat hidden,
                   Mat table) {
    solved_tied_backward(table_grad, hidden_grad, ids,
                         mat_rows(input_grad, 0, hidden.rows), input_scale, logits_grad,
                         logit_scale, hidden, table);
}
