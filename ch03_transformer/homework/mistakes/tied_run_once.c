// loses: 3, says: twice in a row was counted once, keeps: 9
// A token that comes again at once is passed over.
#include "ch03_transformer/homework/hw03.h"
#define tied_backward solved_tied_backward
#include "../solution.c"
#undef tied_backward

void tied_backward(Mat table_grad, Mat hidden_grad, const int *ids, Mat input_grad,
                   double input_scale, Mat logits_grad, double logit_scale, Mat hidden,
                   Mat table) {
    solved_tied_backward(table_grad, hidden_grad, ids, mat_rows(input_grad, 0, 0),
                         input_scale, logits_grad, logit_scale, hidden, table);
    for (int i = 0; i < input_grad.rows; i++)
        if (i == 0 || ids[i] != ids[i - 1])
            mat_add_scaled(mat_rows(table_grad, ids[i], 1), (real)input_scale,
                           mat_rows(input_grad, i, 1));
}
