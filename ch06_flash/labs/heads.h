// What the labs of this chapter measure with: a head of random numbers, a run of one
// version, and its error.
#pragma once
#include "ch06_flash/traffic.h"
#include "common/numeric/rng.h"

// n queries and keys of dimension d, normal, times sd; scale 1 / sqrt(d), so scores
// have standard deviation sd^2. No mask.
FlashHead lab_head(Rng *rng, int n, int d, double sd);
void lab_head_free(FlashHead *h);

// One run of a version; its output is dropped. Owned by the caller: memory_free.
Memory lab_run_in(Algorithm a, const FlashHead *h, Blocks b, MemoryKind kind,
                  long long capacity);
