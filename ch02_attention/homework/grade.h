// The checks of chapter 2's homework, one file a problem, and what they share. How a
// check counts: common/program/homework.h. References are computed in double, straight
// from the definitions, and a typical error is one more reference: the same definition
// with that error in it. Random cases have fixed seeds.
#pragma once
#include "ch02_attention/homework/hw02.h"
#include "common/program/homework.h"
#include "common/program/homework_mats.h"

void check_sink(Grade *g);
void check_window(Grade *g);
void check_base(Grade *g);
void check_gqa(Grade *g);
void check_relative(Grade *g);
void check_linear(Grade *g);

static inline int min(int a, int b) { return a < b ? a : b; }
bool finite_mat(Mat m);
double dot_rows(Mat a, int i, Mat b, int j);
double cpu_seconds(void);
