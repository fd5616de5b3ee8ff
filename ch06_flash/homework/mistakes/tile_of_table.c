// loses: 2, says: `row` and `col` say where, keeps: 13
// A row of the tile as long as one of the table.
#include "ch06_flash/homework/hw06.h"
#define alibi_tile solved_alibi_tile
#include "../solution.c"
#undef alibi_tile

void alibi_tile(double *scores, const ScoreTile *t, double slope) {
    for (int i = 0; i < t->rows; i++)
        for (int j = 0; j < t->cols; j++)
            scores[i * t->keys + j] -=
                slope * abs(t->row + i + t->keys - t->queries - (t->col + j));
}
