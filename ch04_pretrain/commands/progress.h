// What `train` tells while it runs: a line of figures now and then, a sample, a log, and
// at the end the loss on all held-out text and a figure.
#pragma once
#include "ch04_pretrain/run.h"

typedef struct {
    FILE *log;  // NULL: none
    const char *output;
    double start;     // seconds
    long long begun;  // the step that this process began with
    long long every;  // steps between two lines
    double loss;      // since the last line: its sum
    long long steps;
    struct Point {
        double step, loss, validation;
    } * points;
    size_t count, capacity;
    int samples;  // that were shown
    bool quiet;
} Progress;

bool progress_begin(Progress *p, const Run *run, const Args *args, Error *err);
void progress_step(Progress *p, Run *run, const StepResult *r, bool last);
void progress_end(Progress *p, Run *run);
