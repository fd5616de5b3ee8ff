// How a product of matrices gets from its definition to the machine's limit, step by
// step. Lecture, section 6.11.
//
//     definition   for i, j: sum over p           two loads for each multiply-add, one of them down a column
//     rows         for i, p: row c_i += a_ip b_p  whole vectors; all of B passes by for each row of C
//     blocks       the same, a block of B at a    the block is in the L1 cache for all rows
//                  time
//     registers    a tile of C stays in           fewer than half a load for a multiply-add of vectors
//                  registers for all of p
//     packed       the tile's columns of B are    the inner loop walks straight on; a panel is in L1
//                  copied side by side first
//     common       common/numeric/matmul.c        blocks for L2, edges, any views, threads
//
// The first four add the products of an element in the order of p: they differ in no bit.
// The last two add the sums of at most 256 products (common/numeric/depth.h), as one.
//
// Goto and van de Geijn, "Anatomy of High-Performance Matrix Multiplication", ACM Trans.
// Math. Softw. 34 (2008).
#pragma once
#include "ch06_flash/two_level.h"
#include "common/numeric/mat.h"

#define MATMUL_STEP_LIST(KIND) \
    KIND(DEFINITION, definition) \
    KIND(ROWS, rows) \
    KIND(BLOCKS, blocks) \
    KIND(REGISTERS, registers) \
    KIND(PACKED, packed) \
    KIND(COMMON, common)

#define KIND(NAME, name) MATMUL_##NAME,
typedef enum { MATMUL_STEP_LIST(KIND) MATMUL_STEPS } MatmulStep;
#undef KIND

// c = a b on one thread: c m x n, a m x k, b k x n, each row after row (col_stride 1);
// m a multiple of matmul_steps_rows, n of matmul_steps_cols, so that there are no edges.
typedef struct {
    const char *name;
    void (*run)(Mat c, Mat a, Mat b);
} MatmulStepKind;
extern const MatmulStepKind matmul_steps[];             // by kind
extern const int matmul_steps_rows, matmul_steps_cols;  // a register tile's

// The same product in the machine of two memories: a tile of c, rows x cols, stays in
// fast memory while columns of a and rows of b come by. Tiles take rows cols + rows +
// cols words; for sizes that are multiples of them
//
//     words = m n k (1 / rows + 1 / cols) + m n
//
void matmul_in_tiles(Mat c, Mat a, Mat b, int rows, int cols, Memory *m);
double matmul_in_tiles_words(Mat a, Mat b, int rows, int cols);  // by this formula
// No order of the multiply-adds moves fewer (Smith, Lowery, Langou and van de Geijn,
// "A tight I/O lower bound for matrix multiplication", 2019, arXiv:1702.02017).
double matmul_words_bound(Mat a, Mat b, double capacity);  // 2 m n k / sqrt(M) - 2 M
