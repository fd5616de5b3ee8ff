// The checks of chapter 2's homework, one file a problem, and what they share. How a check counts: common/homework.h.
// References are computed in double, straight from the definitions, and a typical error is one more reference: the same
// definition with that error in it. Random cases have fixed seeds.
#pragma once
#include "ch02_attention/homework/hw02.h"
#include "common/homework.h"
#include "common/rng.h"

void check_sink(Grade *g);
void check_window(Grade *g);
void check_base(Grade *g);
void check_gqa(Grade *g);
void check_relative(Grade *g);
void check_linear(Grade *g);

// Numbers that a reference adds up in double.
typedef struct {
    double *at;
    int rows, cols;
} Table;

// What gradients are added to. A gradient that misses it has been written with = instead of +=.
static const double START = 0.25;

static inline int min(int a, int b) { return a < b ? a : b; }
static inline double at(Mat m, int row, int col) { return *mat_at(m, row, col); }
Mat random_mat(Rng *rng, int rows, int cols);
Mat filled(int rows, int cols, real value);
bool near_mat(Mat a, Mat b, double tolerance);
bool finite_mat(Mat m);
double dot_rows(Mat a, int i, Mat b, int j);
double longest_row(Mat m);
// A sum of n terms whose sizes add up to `size`, in float and in any order, is off by at most about n 2^-24
// size. 16 more: for what e^x, a division and the terms themselves add.
double rounding(int n, double size);
Table table_new(int rows, int cols);
// Row i of to += factor x row j of from.
void add_row(Table to, int i, double factor, Mat from, int j);
// The table's numbers, each plus `start`, as a Mat. Frees the table.
Mat mat_of(Table t, double start);
double cpu_seconds(void);
// The most memory this check has used so far.
double peak_megabytes(void);
