// The keys and values of one head, in the order in which register tiles read them; made
// once, used by all blocks of queries. Lecture, section 6.7.
//
//     panels    TILE_ROWS keys side by side: number p of each, then number p + 1 ...   for S^T = K Q^T
//     rows      as they were, padded with zeros to whole vectors                       for sums over keys
#pragma once
#include "ch06_flash/flash_head.h"

typedef struct {
    int keys, padded;            // N, and to whole tiles
    int d, d_v, width, width_v;  // widths: d and d_v to whole tiles
    real longest;                // length of the longest key; NaN if one is
    Mat k_panels, v_panels;      // padded / TILE_ROWS panels of d x TILE_ROWS
    Mat k_rows, v_rows;          // padded x width, padded x width_v
} FlashKeys;

// Room for N keys and values. Forward needs k's panels and v's rows; backward all four.
FlashKeys flash_keys_new(int keys, int d, int d_v, bool backward);
// A head's keys and values, in the place of former ones.
void flash_keys_set(FlashKeys *keys, const FlashHead *h);
void flash_keys_free(FlashKeys *keys);

int tile_width(int columns);  // to a multiple of half a tile's columns
// to (rows of `to` x width) = the rows of from times factor, zeros around them.
void pack_rows(Mat to, real factor, Mat from);
