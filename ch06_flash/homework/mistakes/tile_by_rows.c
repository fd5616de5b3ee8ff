// loses: 2, says: shifted by keys - rows, keeps: 13
#include "ch06_flash/homework/hw06.h"
#define alibi_tile solved_alibi_tile
#include "../solution.c"
#undef alibi_tile
void alibi_tile(double *scores, const ScoreTile *t, double slope) {
    ScoreTile other = *t;
    other.queries = t->rows;
    solved_alibi_tile(scores, &other, slope);
}
