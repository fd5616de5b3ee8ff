// loses: 4, says: interleaved groups
// Group of head h is h % groups.
#include "ch02_attention/homework/hw02.h"
#define gqa_convert solved_gqa_convert
#include "../solution.c"
#undef gqa_convert

void gqa_convert(Projections *gqa, const Projections *mha, int n_heads, int groups,
                 const int *group_of) {
    int *mine = allocate((size_t)n_heads, sizeof *mine);
    for (int head = 0; head < n_heads; head++) mine[head] = head % groups;
    (void)group_of;
    solved_gqa_convert(gqa, mha, n_heads, groups, mine);
    free(mine);
}
