// loses: 3, says: both scales on both gradients, keeps: 6
// The sum of the two gradients is scaled, by everything there is.
#include "ch03_transformer/homework/hw03.h"
#define tied_backward solved_tied_backward
#include "../solution.c"
#undef tied_backward

void tied_backward(Mat table_grad, Mat hidden_grad, const int *ids, Mat input_grad,
                   double input_scale, Mat logits_grad, double logit_scale, Mat hidden,
                   Mat table) {
    Mat nowhere = mat_new(table.rows, table.cols),
        unseen = mat_new(hidden.rows, hidden.cols);
    double both = input_scale * logit_scale;
    solved_tied_backward(nowhere, hidden_grad, ids, input_grad, 0, logits_grad,
                         logit_scale, hidden, table);
    solved_tied_backward(table_grad, unseen, ids, input_grad, both, logits_grad, both,
                         hidden, table);
    mat_free(nowhere), mat_free(unseen);
}
