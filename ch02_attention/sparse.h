// Sparse patterns: which keys a query may look at, and how far a stack of layers sees.
// Lecture, section 2.10.
//
//     full             x                  window, W = 3   x                  dilated, W = 3,   x
//     (causal)         x x                                x x                every 2nd key     . x
//                      x x x                              x x x                                x . x
//                      x x x x                            . x x x                              . x . x
//                      x x x x x                          . . x x x                            x . x . x
//
// A query sees itself, so W counts it. Pairs of a window over N tokens:  N W - W (W-1) / 2,  W <= N.
// Lambda layers of the same window reach Lambda (W-1) + 1 tokens back, itself included:
// each layer adds W - 1, not W. Dilation r spreads the same number of keys r times as
// far: Lambda r (W-1) + 1 tokens, with gaps. Layers whose dilation grows as 1, W, W^2,
// ... leave no gaps and reach W^Lambda.
// A model's attention has the first two as a Mask (mask.h: causal, and window = W);
// dilation is here only, to measure how far it reaches.
// GPT-3 alternates: even layers full, odd layers windows. Each band then follows a
// layer that saw everything.
//
// Child et al., "Generating long sequences with sparse transformers" (2019),
// arXiv:1904.10509; Beltagy et al., "Longformer" (2020), arXiv:2004.05150; Brown et al.
// (2020), arXiv:2005.14165, section 2.1 (GPT-3).
#pragma once
#include <stdbool.h>

#include "common/numeric/mat.h"

typedef struct {
    // W >= 1 keys, the query's own included; SPARSE_FULL: all keys so far
    int window;
    int dilation;  // 1: neighbours; r: every r-th key
} SparsePattern;
enum { SPARSE_FULL = 0 };  // as in a Mask

bool sparse_sees(SparsePattern pattern, int query, int key);
// mask (N x N): 0 where the query (row) sees the key (column), -INFINITY elsewhere: to
// be added to the scores.
void sparse_mask(Mat mask, SparsePattern pattern);
// The pattern of layer number `layer`, from 0: GPT-3's alternation of full and banded,
// and growing dilation.
SparsePattern sparse_alternating(int layer, int window);
SparsePattern sparse_growing(int layer, int window);

long long sparse_pairs_counted(SparsePattern pattern, int n);
long long sparse_window_pairs(long long n, long long window);  // the formula

// reach[i * n + j] = whether the output at token i after all layers depends on the
// input at token j: one boolean matrix product a layer, over the pattern's own links.
// reach: n * n.
void sparse_reach(bool *reach, int n, const SparsePattern *layers, int count);
