// loses: 2, says: key-value heads were dealt out one by one, keeps: 14
// Device d has the key-value heads d, d + devices and so on.
#include "ch06_flash/homework/hw06.h"
#define alibi_slope_of solved_alibi_slope_of
#include "../solution.c"
#undef alibi_slope_of

double alibi_slope_of(const HeadShards *s, int device, int kv, int member) {
    int head = (kv * s->devices + device) * s->group + member;
    return exp2(-8.0 * (head + 1) / s->heads);
}
