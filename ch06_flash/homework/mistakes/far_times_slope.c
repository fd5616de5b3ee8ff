// loses: 2, says: multiplied by the slope: a distance, keeps: 13
#include "ch06_flash/homework/hw06.h"

#define alibi_first_key solved_alibi_first_key
#include "../solution.c"
#undef alibi_first_key

int alibi_first_key(int at, double slope, double most, double share) {
    double distance = ceil((2 * most - log(share)) * slope);
    return distance > at ? 0 : at + 1 - (int)distance;
}
