// loses: 4, says: the sum of a group, keeps: 7
// Not divided by the size of the group.
#include "ch02_attention/homework/hw02.h"
#define gqa_convert solved_gqa_convert
#include "../solution.c"
#undef gqa_convert

void gqa_convert(Projections *gqa, const Projections *mha, int n_heads, int groups,
                 const int *group_of) {
    solved_gqa_convert(gqa, mha, n_heads, groups, group_of);
    Mat k = mat_new(gqa->k.rows, gqa->k.cols), v = mat_new(gqa->v.rows, gqa->v.cols);
    real size = (real)(n_heads / groups);
    add_scaled(k, size, gqa->k), add_scaled(v, size, gqa->v);
    mat_copy(gqa->k, k), mat_copy(gqa->v, v);
    mat_free(k), mat_free(v);
}
