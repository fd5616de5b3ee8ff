// loses: 2, says: kv is not used, keeps: 14
// The heads of the device, as if it had one key-value head.
#include "ch06_flash/homework/hw06.h"
#define alibi_slope_of solved_alibi_slope_of
#include "../solution.c"
#undef alibi_slope_of

double alibi_slope_of(const HeadShards *s, int device, int kv, int member) {
    return solved_alibi_slope_of(s, device, 0 * kv, member);
}
