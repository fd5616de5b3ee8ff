// The checks of chapter 4's homework, one file a problem, and what they share. How a
// check counts: common/program/homework.h. References are straight from the
// definitions; a typical error is one more reference: the same with that error in it.
// Random cases have fixed seeds.
#pragma once
#include <stdbool.h>

#include "ch04_pretrain/homework/hw04.h"
#include "common/program/homework_numbers.h"

void check_words(Grade *g);
void check_wsd(Grade *g);
void check_bigrams(Grade *g);
void check_typical(Grade *g);
void check_noise(Grade *g);
void check_replaced(Grade *g);
void check_bands(Grade *g);

bool near_array(const double *got, const double *want, int n, double tolerance);
// A step; the hint shows the first number that is off.
bool grade_near_array(Grade *g, int points, const char *what, const double *got,
                      const double *want, int n, double tolerance);

// Counts of draws against a law: each count is binomial. Five standard errors, and half
// a draw for outcomes that must not occur: a right answer fails one comparison in 1.7
// million.
double five_errors(int draws, double p);
bool fits_law(const int *counts, int draws, const double *p, int outcomes);
