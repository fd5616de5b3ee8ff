// A training run in a file, so that it can be killed at any moment and go on. Lecture,
// section 4.13.
//
//     course-checkpoint 1
//     note plan.data my.txt          the plan, field by field
//     note train.step 1200           how far it is; with the plan, this is where the data,
//     note train.optimiser 1200      the schedule and all random streams stand
//     tensor token.weight ...        the parameters
//     tensor adam.m ...              AdamW's moments, one row each
//     tensor adam.v ...
//
// A run of k steps, saved, killed and resumed for n - k more ends with the bits of a run
// of n steps. The file appears under its name when it is whole: a crash leaves the one
// before.
#pragma once
#include "ch04_pretrain/plan.h"

// In a team every process calls both functions; the first one writes, and all return what
// it returns.
bool trainer_save(const char *path, const Trainer *t, const Plan *plan, Error *err);

// The plan of a saved run, and the run itself: read in this order, since a Trainer is
// made from a plan. The second fills a trainer of that plan; false and err on anything
// that does not fit, and then nothing has changed.
bool trainer_load_plan(const char *path, Plan *plan, Error *err);
bool trainer_load(const char *path, Trainer *t, Error *err);
