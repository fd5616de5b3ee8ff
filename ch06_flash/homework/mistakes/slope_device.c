// loses: 2, says: before device `device` there are device, keeps: 14
#include "ch06_flash/homework/hw06.h"

#define alibi_slope_of solved_alibi_slope_of
#include "../solution.c"
#undef alibi_slope_of

double alibi_slope_of(const HeadShards *s, int device, int kv, int member) {
    return exp2(-8.0 * (device + kv * s->group + member + 1) / s->heads);
}
