// The checks of chapter 3's homework, one file a problem, and what they share. How a check counts: common/homework.h.
// References are straight from the definitions: in double, or, for whole layers, the chapter's own operations, which
// its tests hold against differences. A typical error is one more reference: the same with that error in it. Random
// cases have fixed seeds.
#pragma once
#include "ch03_transformer/homework/hw03.h"
#include "common/homework.h"
#include "common/rng.h"

void check_qk_norm(Grade *g);
void check_parallel(Grade *g);
void check_tied(Grade *g);
void check_recompute(Grade *g);
void check_mup(Grade *g);
void check_accumulate(Grade *g);

// Numbers that a reference adds up in double.
typedef struct {
    double *at;
    int rows, cols;
} Table;

// What gradients are added to. A gradient that misses it has been written with = instead of +=.
static const double START = 0.25;

static inline double at(Mat m, int row, int col) { return *mat_at(m, row, col); }
Mat random_mat(Rng *rng, int rows, int cols);
Mat filled(int rows, int cols, real value);
Mat copied(Mat m);  // what lies on a tape must be copied before tape_reset
bool near_mat(Mat a, Mat b, double tolerance);
double largest(Mat m);  // of the absolute values
double longest_row(Mat m);
// A sum of n terms whose sizes add up to `size`, in float and in any order, is off by at most about n 2^-24 size. 16
// more: for what a division, a root and the terms themselves add.
double rounding(int n, double size);
// Two ways of computing the same layers or gradients: each of their about ten operations is off by some roundings of
// numbers no larger than a few times the result's largest. Typical errors change it by a tenth and more.
double layers_rounding(Mat want);
Table table_new(int rows, int cols);
// Row i of to += factor x row j of from.
void add_row(Table to, int i, double factor, Mat from, int j);
// The table's numbers, each plus `start`, as a Mat. Frees the table.
Mat mat_of(Table t, double start);
// For matrices as small as here, waking threads takes longer than the work.
void one_thread(void);
Mat all_grads(const Params *p);  // a copy, 1 x grad_size
