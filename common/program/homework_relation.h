// Inside homework: what wrong numbers have in common with the right ones, for a step
// that no known mistake explains. A sign, a factor, a term that was forgotten everywhere,
// a square for a number, an order that is turned round: each is seen in all numbers at
// once, and is exact, so that it is never there by chance.
#pragma once
#include <stdbool.h>

#include "common/numeric/mat.h"

typedef struct {
    const char *code;  // for scripts: "all-negated"
    char says[200];    // "each number is -1 times the right one"
} Relation;

// got[n] against want[n]; each may be off by tolerance, or, relative, by tolerance
// x max(1, |want|). base: what was there before, which both hold (0 if nothing was).
// False where they are equal or no relation is known.
bool homework_relation(Relation *to, const double *got, const double *want, int n,
                       double tolerance, bool relative, double base);
// Of matrices of one shape, rows and columns: each with those before it, in another
// order, times a factor of its own, all right but the first or the last, or but those
// of one side, or right up to a diagonal. Asked where numbers alone have nothing in
// common.
bool homework_relation_mat(Relation *to, Mat got, Mat want, double tolerance,
                           double base);
