// The checks of chapter 3's homework, one file a problem, and what they share. How a
// check counts: common/program/homework.h. References are straight from the
// definitions: in double, or, for whole layers, the chapter's own operations, which its
// tests hold against differences. A typical error is one more reference: the same with
// that error in it. Random cases have fixed seeds.
#pragma once
#include "ch03_transformer/homework/hw03.h"
#include "common/program/homework.h"
#include "common/program/homework_mats.h"

void check_qk_norm(Grade *g);
void check_parallel(Grade *g);
void check_tied(Grade *g);
void check_recompute(Grade *g);
void check_mup(Grade *g);
void check_accumulate(Grade *g);

Mat copied(Mat m);      // what lies on a tape must be copied before tape_reset
double largest(Mat m);  // of the absolute values
// Two ways of computing the same layers or gradients: each of their about ten
// operations is off by some roundings of numbers no larger than a few times the
// result's largest. Typical errors change it by a tenth and more.
double layers_rounding(Mat want);
Mat all_grads(const Params *p);  // a copy, 1 x grad_size
// Whether what p points to lies on the stack, where it is gone when its function
// returns. If so it is told, and the node's pull must not run.
bool saved_on_stack(Grade *g, const Node *node);
