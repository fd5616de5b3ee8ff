// loses: 6, says: the last keys count for nothing, keeps: 15
// As many keys are summed as there are queries.
#include "ch02_attention/homework/hw02.h"
#define linear_attention solved_linear_attention
#include "../solution.c"
#undef linear_attention

void linear_attention(Mat out, Mat q, Mat k, Mat v) {
    solved_linear_attention(out, q, mat_rows(k, 0, q.rows), mat_rows(v, 0, q.rows));
}
