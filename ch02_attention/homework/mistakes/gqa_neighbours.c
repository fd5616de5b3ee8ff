// loses: 4, says: though group_of says, keeps: 4
// The chapter's conversion: neighbours are a group, whatever group_of says.
#include "ch02_attention/homework/hw02.h"
#define gqa_convert solved_gqa_convert
#include "../solution.c"
#undef gqa_convert

void gqa_convert(Projections *gqa, const Projections *mha, int n_heads, int groups,
                 const int *group_of) {
    (void)group_of;
    mat_copy(gqa->q, mha->q), mat_copy(gqa->o, mha->o);
    kv_heads_average(gqa->k, groups, mha->k, n_heads);
    kv_heads_average(gqa->v, groups, mha->v, n_heads);
}
