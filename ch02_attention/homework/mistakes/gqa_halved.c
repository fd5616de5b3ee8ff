// loses: 4, says: the shares 0.125 0.25 0.5, keeps: 7
// Each head is averaged with what came of those before it.
#include "ch02_attention/homework/hw02.h"
#define gqa_convert solved_gqa_convert
#include "../solution.c"
#undef gqa_convert

void gqa_convert(Projections *gqa, const Projections *mha, int n_heads, int groups,
                 const int *group_of) {
    int d = mha->q.cols / n_heads, size = n_heads / groups,
        *placed = allocate((size_t)groups, sizeof *placed);
    mat_fill(gqa->k, 0), mat_fill(gqa->v, 0);
    for (int head = 0; head < n_heads; head++) {
        int group = group_of[head], place = group * size + placed[group]++;
        mat_copy(mat_cols(gqa->q, place * d, d), mat_cols(mha->q, head * d, d));
        mat_copy(mat_rows(gqa->o, place * d, d), mat_rows(mha->o, head * d, d));
        mat_scale(mat_cols(gqa->k, group * d, d), 0.5f);
        add_scaled(mat_cols(gqa->k, group * d, d), 0.5f, mat_cols(mha->k, head * d, d));
        add_scaled(mat_cols(gqa->v, group * d, d), 1 / (real)size,
                   mat_cols(mha->v, head * d, d));
    }
    free(placed);
}
