// Embedding: rows of a table, picked by number. Lecture, section 3.2.
//
//     y_i = table_(ids_i)        dtable_k = sum over the i with ids_i = k of dy_i
//
// It is the product of a one-hot matrix and the table, without the zeros. The table may be any node: so this also
// gathers rows of hidden states.
#pragma once
#include "ch02_attention/position.h"
#include "ch03_transformer/tape.h"

// table (V x d); ids: n of them, each 0 .. V-1, copied -> n x d.
Node *gather_rows(Tape *t, Node *table, const int *ids, int n);

// x (batch time x d) plus a fixed table's rows 0 .. time-1 for each sequence: sinusoidal positions. dx = dy.
Node *add_positions(Tape *t, Node *x, const Position *position, int batch);
