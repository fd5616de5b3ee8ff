// loses: 4, says: W_O moved by the inverse permutation, keeps: 8
// W_Q is right, W_O goes the other way.
#include "ch02_attention/homework/hw02.h"
#define gqa_convert solved_gqa_convert
#include "../solution.c"
#undef gqa_convert

void gqa_convert(Projections *gqa, const Projections *mha, int n_heads, int groups,
                 const int *group_of) {
    int d = mha->q.cols / n_heads, size = n_heads / groups;
    int *placed = allocate((size_t)groups, sizeof *placed);
    solved_gqa_convert(gqa, mha, n_heads, groups, group_of);
    for (int head = 0; head < n_heads; head++) {
        int group = group_of[head], place = group * size + placed[group]++;
        mat_copy(mat_rows(gqa->o, head * d, d), mat_rows(mha->o, place * d, d));
    }
    free(placed);
}
