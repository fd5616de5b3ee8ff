// Numbers for homework's graders: several at once, and the typical errors that give
// just these numbers.
#pragma once
#include "common/program/homework.h"

#define COUNT_OF(array) ((int)(sizeof(array) / sizeof *(array)))

enum { MOST_NUMBERS = 64 };  // of a step

typedef struct {
    int rule;  // of the problem's reference
    const char *code, *says;
} Slip;

// Names the slip that gives just these n numbers, where they are not right: of a step
// with a hint of its own.
void grade_slip(Grade *g, const char *what, const double *got, int n, double tolerance,
                void (*by)(int rule, const void *of, double *to), const void *of,
                const Slip *slips, int slip_count);
// An array that is to be written held `before` everywhere: names numbers that were added
// to it, and such as were not written.
void grade_written(Grade *g, const double *got, int n, double tolerance,
                   void (*by)(int rule, const void *of, double *to), const void *of,
                   double before);
// A simpler case of a step of numbers, and what is said where the numbers are right
// there.
typedef struct {
    const char *code, *says;  // "only-gamma-1", "right where gamma is 1: ..."
    const void *of;
} Simpler;
// After a step that no mistake explains: names the first of the cases in which the
// student's numbers are right (grade_contrast). get: writes them, returns how many.
void grade_simpler(Grade *g, double tolerance, int (*get)(const void *of, double *got),
                   void (*by)(int rule, const void *of, double *to),
                   const Simpler *cases, int count);
// A step of n numbers. Where they are not right, the slip that gives just these numbers
// is named; where two do, both are. by: fills in the numbers by a rule; 0 is the right
// one. The hint shows the first number that is off.
void grade_numbers(Grade *g, int points, const char *what, const double *got, int n,
                   double tolerance, void (*by)(int rule, const void *of, double *to),
                   const void *of, const Slip *slips, int slip_count);
