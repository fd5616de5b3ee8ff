// loses: 2, says: one device's heads, keeps: 14
// A model with as many heads as the device has.
#include "ch06_flash/homework/hw06.h"
#define alibi_slope_of solved_alibi_slope_of
#include "../solution.c"
#undef alibi_slope_of

double alibi_slope_of(const HeadShards *s, int device, int kv, int member) {
    (void)device;
    return exp2(-8.0 * (kv * s->group + member + 1) / (s->heads / s->devices));
}
