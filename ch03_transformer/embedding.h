// Embedding: rows of a table, picked by number. Lecture, section 3.2.
//
//     y_i = table_(ids_i)        dtable_k = sum over the i with ids_i = k of dy_i
//
// It is the product of a one-hot matrix and the table, without the zeros. The table may
// be any node: so this also gathers rows of hidden states. scatter_rows is the
// transposed product, and puts them back where they were:
//
//     y_k = sum over the i with ids_i = k of x_i        dx_i = dy_(ids_i)
#pragma once
#include "ch02_attention/position.h"
#include "ch03_transformer/tape.h"

// table (V x d); ids: n of them, each 0 .. V-1, copied -> n x d.
Node *gather_rows(Tape *t, Node *table, const int *ids, int n);
// x (n x d); ids: n of them, each 0 .. rows-1, copied -> rows x d, zeros where no row
// went.
Node *scatter_rows(Tape *t, Node *x, const int *ids, int rows);

// x (batch time x d) plus a fixed table's rows 0 .. time-1 for each sequence:
// sinusoidal positions. dx = dy.
Node *add_positions(Tape *t, Node *x, const Position *position, int batch);
