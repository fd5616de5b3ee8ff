// The program's real jobs, one a file: params, memory, run. Each is a function of its
// options; errors end the program with one line and status 2.
#pragma once
#include "ch03_transformer/published.h"
#include "common/program/options.h"

int params_command(const Args *args);
int memory_command(const Args *args);
int run_command(const Args *args);
extern const Option memory_options[], run_options[];  // each ends with {0}

// ---- what they share (shared.c)

const PublishedModel *published_or_die(const char *name);
// Checks all that was written to standard output; the status, 0.
int output_done(void);
