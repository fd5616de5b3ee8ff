#include <math.h>

#include "ch03_transformer/homework/grade.h"

Mat copied(Mat m) {
    Mat copy = mat_new(m.rows, m.cols);
    if (m.at) mat_copy(copy, m);
    else mat_fill(copy, 0);  // a gradient that nobody wrote
    return copy;
}

bool saved_on_stack(Grade *g, const Node *node) {
    char here;
    ptrdiff_t away = (const char *)node->saved - (const char *)&here;
    bool stack = node->saved && away > -(1 << 20) && away < 1 << 20;
    grade_mistake(
        g, stack, "saved-on-stack",
        "y->saved points to a local variable, which is gone when the function "
        "returns: what pull needs comes from tape_allocate");
    grade_expect(g, 0, !stack, "what saved points to is gone before the pull");
    return stack;
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
