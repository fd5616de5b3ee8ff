// loses: 4, says: the first head of each group was kept, keeps: 7
// One head of a group is taken, none averaged.
#include "ch02_attention/homework/hw02.h"
#define gqa_convert solved_gqa_convert
#include "../solution.c"
#undef gqa_convert

void gqa_convert(Projections *gqa, const Projections *mha, int n_heads, int groups,
                 const int *group_of) {
    int d = mha->q.cols / n_heads;
    solved_gqa_convert(gqa, mha, n_heads, groups, group_of);
    for (int head = n_heads - 1; head >= 0; head--) {
        mat_copy(mat_cols(gqa->k, group_of[head] * d, d),
                 mat_cols(mha->k, head * d, d));
        mat_copy(mat_cols(gqa->v, group_of[head] * d, d),
                 mat_cols(mha->v, head * d, d));
    }
}
