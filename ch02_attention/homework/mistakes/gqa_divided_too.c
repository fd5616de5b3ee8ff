// loses: 4, says: W_O was divided too, keeps: 9
// Everything of a group is a mean, its rows of W_O too.
#include "ch02_attention/homework/hw02.h"
#define gqa_convert solved_gqa_convert
#include "../solution.c"
#undef gqa_convert

void gqa_convert(Projections *gqa, const Projections *mha, int n_heads, int groups,
                 const int *group_of) {
    solved_gqa_convert(gqa, mha, n_heads, groups, group_of);
    mat_scale(gqa->o, (real)groups / (real)n_heads);
}
