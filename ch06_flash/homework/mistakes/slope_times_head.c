// loses: 2, says: right for head 0 alone, keeps: 14
#include "ch06_flash/homework/hw06.h"
#define alibi_slope_of solved_alibi_slope_of
#include "../solution.c"
#undef alibi_slope_of
double alibi_slope_of(const HeadShards *s, int device, int kv, int member) {
    int head = device * (s->heads / s->devices) + kv * s->group + member;
    return exp2(-8.0 / s->heads) * (head + 1);
}
