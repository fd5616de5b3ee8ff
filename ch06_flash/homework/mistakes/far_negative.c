// loses: 2, says: before key 0, keeps: 18
// Before the first key.
#include "ch06_flash/homework/hw06.h"
#define alibi_first_key solved_alibi_first_key
#include "../solution.c"
#undef alibi_first_key

int alibi_first_key(int at, double slope, double most, double share) {
    return at + 1 - (int)ceil((2 * most - log(share)) / slope);
}
