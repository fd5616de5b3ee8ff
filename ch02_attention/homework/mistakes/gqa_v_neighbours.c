// loses: 4, says: W_V has groups of neighbours, keeps: 11
// The values are averaged over neighbours, the keys over groups.
#include "ch02_attention/homework/hw02.h"
#define gqa_convert solved_gqa_convert
#include "../solution.c"
#undef gqa_convert

void gqa_convert(Projections *gqa, const Projections *mha, int n_heads, int groups,
                 const int *group_of) {
    int d = mha->q.cols / n_heads, size = n_heads / groups;
    solved_gqa_convert(gqa, mha, n_heads, groups, group_of);
    mat_fill(gqa->v, 0);
    for (int head = 0; head < n_heads; head++)
        add_scaled(mat_cols(gqa->v, head / size * d, d), 1 / (real)size,
                   mat_cols(mha->v, head * d, d));
}
