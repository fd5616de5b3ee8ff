// loses: 3, says: input_scale is missing, keeps: 9
// The chain rule without its first factor.
#include "ch03_transformer/homework/hw03.h"
#define tied_backward solved_tied_backward
#include "../solution.c"
#undef tied_backward

void tied_backward(Mat table_grad, Mat hidden_grad, const int *ids, Mat input_grad,
                   double input_scale, Mat logits_grad, double logit_scale, Mat hidden,
                   Mat table) {
    input_scale = 1;
    solved_tied_backward(table_grad, hidden_grad, ids, input_grad, input_scale,
                         logits_grad, logit_scale, hidden, table);
}
