// The checks of chapter 5's homework, one file a problem, and what they share. How a
// check counts: common/program/homework.h. References are straight from the
// definitions; a typical error is one more reference: the same with that error in it.
#pragma once
#include <stdbool.h>

#include "ch05_sft_rlhf/homework/hw05.h"
#include "common/program/homework.h"

void check_stream(Grade *g);
void check_brevity(Grade *g);
void check_k3(Grade *g);
void check_kto(Grade *g);

#define COUNT_OF(array) ((int)(sizeof(array) / sizeof *(array)))

// Numbers of a problem: what was written, what is right, and what a typical error gives.
enum { MOST_NUMBERS = 16 };
typedef struct {
    double at[MOST_NUMBERS];
} Numbers;

typedef struct {
    int rule;  // of the problem's reference
    const char *code, *says;
} Slip;

// A step of n numbers. Where they are not right, the first slip that gives just these
// numbers is named. by: fills in the numbers by a rule; 0 is the right one. The hint shows
// the first number that is off.
void grade_numbers(Grade *g, int points, const char *what, const double *got, int n,
                   double tolerance, void (*by)(int rule, const void *of, double *to),
                   const void *of, const Slip *slips, int slip_count);
