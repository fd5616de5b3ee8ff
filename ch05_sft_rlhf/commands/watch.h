// A stage's progress on the terminal: a line that is written over, or a few lines where
// there is no terminal.
#pragma once
#include <stdio.h>

#include "ch05_sft_rlhf/stages.h"

typedef struct {
    const char *stage;
    const char *quantity;  // that is shown: "loss"
    double begun, said;    // seconds
    FILE *log;             // a table "step loss"; NULL: none
} Watch;

Watch watch_begin(const char *stage, FILE *log);
StageProgress watch_step;  // self: a Watch
// Seconds since it began.
double watch_end(Watch *w);
