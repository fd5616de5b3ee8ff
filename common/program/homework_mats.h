// Matrices for homework's graders: random ones, references that add up in double, and
// how near is near enough, and what memory was used.
#pragma once
#include <stdbool.h>

#include "common/numeric/mat.h"
#include "common/numeric/rng.h"

// What gradients are added to. A gradient that misses it has been written with =
// instead of +=.
static const double START = 0.25;

static inline double at(Mat m, int row, int col) { return *mat_at(m, row, col); }
Mat random_mat(Rng *rng, int rows, int cols);  // normal, standard deviation 1
Mat filled(int rows, int cols, real value);
// The same shape, each element equal (infinities too) or within the tolerance.
bool near_mat(Mat a, Mat b, double tolerance);
double longest_row(Mat m);
// A sum of n terms whose sizes add up to `size`, in float and in any order, is off by
// at most about n 2^-24 size. 16 more: for what e^x, a division, a root and the terms
// themselves add.
double rounding(int n, double size);

// A packed copy whose end is watched, as grade_guarded's; the same of an input, which
// must stay as it is; and the other way round, a copy to keep.
Mat guarded_mat(const char *name, Mat from);
Mat input_mat(const char *name, Mat from);
Mat kept_mat(Mat from);
// The most memory this check has used so far; 0 with a sanitizer, which frees nothing.
double peak_megabytes(void);
// For matrices as small as a check's, waking threads takes longer than the work. Not in a
// grader's source: it may be compiled without OpenMP, whatever the student's file is.
void one_thread(void);

// Numbers that a reference adds up in double.
typedef struct {
    double *at;
    int rows, cols;
} Table;

Table table_new(int rows, int cols);  // zeros
// Row i of to += factor x row j of from.
void add_row(Table to, int i, double factor, Mat from, int j);
// The table's numbers, each plus `start`, as a Mat. Frees the table.
Mat mat_of(Table t, double start);
