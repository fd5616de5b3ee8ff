// Online softmax of a tile's columns, lane by lane, with a power of two in the place of
// the maximum. Lecture, section 6.7.
//
//     z = round(m / ln 2)                m: the largest score so far
//     l = sum_j e^(s_j) 2^-z             L = ln l + z ln 2
//     z' > z:  what was summed with z is multiplied by 2^(z - z')
//
// Multiplied by a power of two, a number keeps its digits: nothing is rounded when z rises,
// and the digits of the result do not depend on z at all. So where no score can be large,
// z may stay 0, and nobody looks for a maximum. |s| <= |q| |k| (Cauchy and Schwarz) tells
// it beforehand.
#pragma once
#include "ch06_flash/register_tile.h"

// Scores up to this, either way, need no maximum: e^30 is 10^13, and 10^20 keys could be
// summed. (The exponentials' own limits are 87.)
#define SCORE_SMALL ((real)30)

typedef struct {
    bool small;  // all scores are: z stays 0
    real far;    // from here on scores are large
    // m, z, and what is subtracted from scores before, where they are so large that z, or a
    // score's fraction, would be lost: 0 otherwise
    Vec max[TILE_VECS], power[TILE_VECS], base[TILE_VECS];
    Vec sum[TILE_VECS];     // l
    Vec factor[TILE_VECS];  // 2^(z - z') of the last keys seen
} TileSoftmax;

TileSoftmax tile_softmax_new(bool small);
// p (count x TILE_COLS; count a multiple of 3): scores become e^s 2^-z'. open: none of
// them is hidden.
void tile_softmax_see(TileSoftmax *t, real *p, int count, bool open);
// 1 / l of each lane; 0 of one that has seen nothing.
void tile_softmax_shares(Vec share[TILE_VECS], const TileSoftmax *t);
real tile_softmax_log(const TileSoftmax *t, int lane);  // L, of TILE_COLS lanes
// Backward: scores become e^(s - L), L in lse; small and open as above.
void tile_softmax_again(real *p, int count, const Vec lse[TILE_VECS], bool small,
                        bool open);
