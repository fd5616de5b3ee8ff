#include "ch03_transformer/project.h"

#include "common/numeric/matmul_few.h"
#include "common/numeric/matvec.h"

static void add_bias(Mat y, Mat bias) {
    if (!bias.at) return;
    for (int t = 0; t < y.rows; t++)
        for (int i = 0; i < y.cols; i++) *mat_at(y, t, i) += bias.at[i];
}

void project(Mat y, Mat x, Mat w, Packed panels, Mat bias, bool add) {
    bool few = 1 <= x.rows && x.rows <= MATMUL_FEW && w.row_stride == 1;
    if (panels.at) matmul_packed(y, x, panels, add);
    else if (x.rows == 1 && w.col_stride == 1) matvec(y.at, w, x.at, add);
    else if (few) matmul_few(y, x, mat_transpose(w), add);
    else if (add) matmul_add(y, x, mat_transpose(w));
    else matmul(y, x, mat_transpose(w));
    add_bias(y, bias);
}
