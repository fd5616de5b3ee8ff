// loses: 2, says: 2 most between, keeps: 15
// The query's own key has the score 0.
#include "ch06_flash/homework/hw06.h"
#define alibi_first_key solved_alibi_first_key
#include "../solution.c"
#undef alibi_first_key

int alibi_first_key(int at, double slope, double most, double share) {
    double distance = ceil((most - log(share)) / slope);
    return distance > at ? 0 : at + 1 - (int)distance;
}
