// What heads look at, while a model learns random chains: for the lab chains-floor.
#pragma once
#include "ch04_pretrain/labs/small_run.h"

// The best heads' scores (induction.h) on held-out rows, at each point of a run.
typedef struct {
    double previous[RUN_POINTS];   // of layer 1: weight on the token before
    double induction[RUN_POINTS];  // of layer 2
} InductionCourse;

// To be called after each small_run_add_point.
void induction_course_add(InductionCourse *c, SmallRun *r);
// Claims [4.135] and [4.136], and two figures. unigram: the excess of a reader who counts
// the symbols of the row.
void induction_course_end(Lab *lab, const InductionCourse *c, SmallRun *r,
                          double unigram);
