// loses: 2, says: belongs to a query, keeps: 14
// A slope for each key-value head.
#include "ch06_flash/homework/hw06.h"
#define alibi_slope_of solved_alibi_slope_of
#include "../solution.c"
#undef alibi_slope_of

double alibi_slope_of(const HeadShards *s, int device, int kv, int member) {
    (void)member;
    int kv_heads = s->heads / s->group;
    return exp2(-8.0 * (device * (kv_heads / s->devices) + kv + 1) / kv_heads);
}
