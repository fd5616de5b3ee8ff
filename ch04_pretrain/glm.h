// Autoregressive blank infilling: GLM's objective. Lecture, section 4.9.
//
//     text       x1 x2 x3 x4 x5 x6          spans (x3) and (x5 x6) are cut out
//
//                |-- part A: both ways -|   |----- part B: causal, sees A -----|
//     tokens     x1  x2  [M]  x4  [M]       [S]  x5  x6   [S]  x3
//     targets    -   -   -    -   -         x5   x6  [E]  x3   [E]
//     positions  0   1   2    3   4         4    4   4    2    2        in A, of its blank
//     segments   0   0   0    0   0         1    2   3    1    2        inside its span
//
// The order of the spans is drawn. So the model fills blanks of unknown length, and a
// blank at the end makes it a language model. Positions have two dimensions: where the
// blank is, and where in it a token is.
//
// Du et al., "GLM" (2021), arXiv:2103.10360, section 2.1. The ids of [M], [S], [E] follow
// the data's.
#pragma once
#include "ch04_pretrain/objective.h"
#include "ch04_pretrain/span.h"

enum { GLM_MASK, GLM_START, GLM_END, GLM_TOKENS };

// A text of `time` tokens with its blanks filled in becomes a row of so many.
int glm_time(int time);
// Fills a row with text (n tokens) whose blanks are spans, filled in this order of them.
// Exposed for those who score a given blank: glm_fill draws both.
void glm_row(Batch *b, int row, const int *text, int n, const Span *spans,
             const int *order, int count, int vocabulary);
void glm_fill(Batch *b, int row, const Draw *from);
// What glm_fill cuts out, and in which order it is filled in: spans and order of
// time / 2 + 1. The text begins with from->tokens[0]; returns how many spans.
int glm_cut(const Draw *from, Span *spans, int *order);
