// loses: 3, says: what was in a gradient before was multiplied by 0.3, keeps: 12
// The sums are scaled after they were added, and what was there with them.
#include "ch03_transformer/homework/hw03.h"
#define tied_backward solved_tied_backward
#include "../solution.c"
#undef tied_backward

void tied_backward(Mat table_grad, Mat hidden_grad, const int *ids, Mat input_grad,
                   double input_scale, Mat logits_grad, double logit_scale, Mat hidden,
                   Mat table) {
    mat_scale(table_grad, (real)logit_scale);
    mat_scale(hidden_grad, (real)logit_scale);
    solved_tied_backward(table_grad, hidden_grad, ids, input_grad, input_scale,
                         logits_grad, logit_scale, hidden, table);
}
