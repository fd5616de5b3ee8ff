// TILE_COLS queries at a time, one in each lane of TILE_VECS vectors: their scores are made
// transposed, so that a row's maximum and sum are taken lane by lane. Lecture, section
// 6.7.
//
//                       queries: TILE_COLS lanes
//             keys  [ s s s s s s s s s s s s s s s s ]
//     S^T =         [ s s s s ...                     ]       m = max over the rows, per lane
//                   [                                 ]       P^T goes on as it is: O^T += V^T P^T
//
// Tiles that no query sees are not made; those that all see whole need no mask.
#pragma once
#include "ch06_flash/flash_keys.h"
#include "ch06_flash/register_tile.h"

typedef struct {
    int row, count;          // queries row .. row + count - 1; other lanes are idle
    int first, end;          // keys that at least one of them sees
    int all_first, all_end;  // keys that all of them see, but for a table
    VecInt from[TILE_VECS], to[TILE_VECS];  // of each lane: keys from .. to - 1
} QueryTile;

QueryTile query_tile_new(const FlashHead *h, int row);

// A stretch of keys whose scores are made together: whole tiles within one block.
typedef struct {
    int key, count;
} KeyTile;
// The first at or after `key` that the queries see anything of; count 0: none.
KeyTile key_tile_from(const QueryTile *t, const FlashKeys *keys, int key);

// s (count x TILE_COLS) = products of panels with q (d x TILE_COLS, transposed
// queries).
void tile_products(real *s, const real *panels, int d, const real *q, KeyTile k);
// s: products with queries that were multiplied by the scale become finished scores;
// slopes: as in scores_finish_with_slopes, NULL: not wanted.
void tile_finish(real *s, real *slopes, const QueryTile *t, KeyTile k,
                 const FlashHead *h);
// No score is hidden, and no lane idle.
bool tile_open(const QueryTile *t, KeyTile k, const FlashHead *h);
// s as queries x keys, without idle lanes and keys that are not there.
Mat tile_view(real *s, const QueryTile *t, KeyTile k, const FlashHead *h);

// to (d x TILE_COLS) = factor times the queries' rows of `from`, transposed.
void tile_transpose(real *to, real factor, Mat from, const QueryTile *t);
// Length of the longest query of such a tile of d rows; NaN if one is.
real tile_longest(const real *q, int d);
