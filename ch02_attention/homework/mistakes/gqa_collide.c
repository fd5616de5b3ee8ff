// loses: 4, says: did two heads go to one place, keeps: 9
// A head has the same place in its new group as it had among neighbours.
#include "ch02_attention/homework/hw02.h"
#define gqa_convert solved_gqa_convert
#include "../solution.c"
#undef gqa_convert

void gqa_convert(Projections *gqa, const Projections *mha, int n_heads, int groups,
                 const int *group_of) {
    int d = mha->q.cols / n_heads, size = n_heads / groups;
    Projections right = projections_new(mha->q.rows, mha->q.rows, n_heads, groups, d);
    solved_gqa_convert(&right, mha, n_heads, groups, group_of);
    mat_copy(gqa->k, right.k), mat_copy(gqa->v, right.v);
    projections_free(&right);
    for (int head = 0; head < n_heads; head++) {
        int place = group_of[head] * size + head % size;
        mat_copy(mat_cols(gqa->q, place * d, d), mat_cols(mha->q, head * d, d));
        mat_copy(mat_rows(gqa->o, place * d, d), mat_rows(mha->o, head * d, d));
    }
}
