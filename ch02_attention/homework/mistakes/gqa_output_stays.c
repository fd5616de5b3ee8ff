// loses: 4, says: W_O stayed as it was, keeps: 8
// Query heads move to their group, their rows of W_O do not.
#include "ch02_attention/homework/hw02.h"
#define gqa_convert solved_gqa_convert
#include "../solution.c"
#undef gqa_convert

void gqa_convert(Projections *gqa, const Projections *mha, int n_heads, int groups,
                 const int *group_of) {
    solved_gqa_convert(gqa, mha, n_heads, groups, group_of);
    mat_copy(gqa->o, mha->o);
}
