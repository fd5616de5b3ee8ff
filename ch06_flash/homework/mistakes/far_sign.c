// loses: 2, says: - ln share, keeps: 13
// Adds ln share, and keeps the own key.
#include "ch06_flash/homework/hw06.h"
#define alibi_first_key solved_alibi_first_key
#include "../solution.c"
#undef alibi_first_key

int alibi_first_key(int at, double slope, double most, double share) {
    double distance = ceil((2 * most + log(share)) / slope);
    return distance > at ? 0 : at + 1 - (int)fmax(1, distance);
}
