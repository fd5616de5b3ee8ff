// Shared by the labs on RoPE and xPos: scores of vectors that position_turn has really
// turned.
//
// Rounding: a turned number is a c - b s, with c and s rounded once each, and two or
// three roundings more. So a point is off by at most 5 u of its length, u = 2^-24
// (Higham, "Accuracy and Stability", 2002, chapter 3), and a score by 10 u sum_i |q_i|
// |k_i| when q and k are turned; the dot product here is in double.
#pragma once
#include "ch02_attention/position.h"
#include "common/numeric/rng.h"

#define TURN_ERROR (10 * 0x1p-24)

// scores[s] = <turned q at position s, turned k at position 0>, s = 0 .. count-1. q, k:
// 1 x d, unchanged.
void scores_by_distance(double *scores, int count, const Position *p, Mat q, Mat k);
// <a, b> of two rows, summed in double.
double row_dot(Mat a, Mat b);
// x (1 x d): d/2 points of length 1 in random directions, as `pairing` pairs them.
void fill_unit_points(Rng *rng, Mat x, RopePairing pairing);
