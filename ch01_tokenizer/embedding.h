// Embedding: the row of a table that belongs to a token. Lecture, section 1.13.
//
//     look-up        out_i = table[ids_i]                 n x d copies
//     as a product   out   = one_hot(ids) table           n x V x d multiply-adds, the same numbers
//     gradient       d table[v] = sum over i with ids_i = v of d out_i
//                    d table = one_hot(ids)^T d out
//
// So an embedding layer *is* a matrix product, whose left factor is known to be almost
// all zeros; the look-up leaves the zeros out. (The same numbers as long as the table
// is finite: the product turns one infinite entry into NaN for every token, since 0 x
// inf = NaN.)
//
// n tokens, V rows in the table, d columns. Every id is in 0 .. V-1; anything else is a
// caller's bug. Mikolov et al., "Efficient estimation of word representations in vector
// space" (2013), arXiv:1301.3781.
#pragma once
#include "common/numeric/mat.h"

// out (n x d) = the rows ids[0 .. n-1] of table (V x d).
void embedding(Mat out, Mat table, const int *ids);
// table_grad (V x d) += the gradient of a loss, given its gradient by the output,
// out_grad (n x d). Rows of tokens that occur twice get both parts; rows of tokens that
// do not occur stay as they are.
void embedding_backward(Mat table_grad, Mat out_grad, const int *ids);

// out (n x V): row i is 1 in column ids[i], else 0.
void one_hot(Mat out, const int *ids);
// The two functions above as products; n x V more memory.
void embedding_product(Mat out, Mat table, const int *ids);
void embedding_product_backward(Mat table_grad, Mat out_grad, const int *ids);
