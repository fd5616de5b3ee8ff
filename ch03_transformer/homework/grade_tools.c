#include <math.h>

#include "ch03_transformer/homework/grade.h"

Mat copied(Mat m) {
    Mat copy = mat_new(m.rows, m.cols);
    if (m.at) mat_copy(copy, m);
    else mat_fill(copy, 0);  // a gradient that nobody wrote
    return copy;
}

double largest(Mat m) {
    double most = 0;
    for (int i = 0; i < m.rows; i++)
        for (int j = 0; j < m.cols; j++) most = fmax(most, fabs(at(m, i, j)));
    return most;
}

double layers_rounding(Mat want) { return 0x1p-14 * largest(want); }

Mat all_grads(const Params *p) {
    return copied(mat_view(p->grads, 1, (int)p->grad_size));
}
