// loses: 4, says: neighbouring columns were averaged, keeps: 7
// Pools along the channels, as one would an activation.
#include "ch02_attention/homework/hw02.h"
#define gqa_convert solved_gqa_convert
#include "../solution.c"
#undef gqa_convert

void gqa_convert(Projections *gqa, const Projections *mha, int n_heads, int groups,
                 const int *group_of) {
    int size = n_heads / groups;
    solved_gqa_convert(gqa, mha, n_heads, groups, group_of);
    mat_fill(gqa->k, 0), mat_fill(gqa->v, 0);
    for (int column = 0; column < mha->k.cols; column++) {
        add_scaled(mat_cols(gqa->k, column / size, 1), 1 / (real)size,
                   mat_cols(mha->k, column, 1));
        add_scaled(mat_cols(gqa->v, column / size, 1), 1 / (real)size,
                   mat_cols(mha->v, column, 1));
    }
}
