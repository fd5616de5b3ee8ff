// The speed of generation, a part of the bench: tokens per second of a 15M-parameter
// LLaMA (stories15M's shape, random weights), beside what reading its weights allows.
#pragma once
#include <stdbool.h>

void bench_decode(bool details);  // rows of the table, then what it was
