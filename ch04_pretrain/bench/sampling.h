// The speed of writing several texts at once, a part of `make bench`: tokens per second
// of 1, 8 and 32 texts that go on together, beside what reading all weights once per
// step would allow.
#pragma once
#include "ch03_transformer/model.h"

void bench_sampling(const Model *m, int end);  // prints a table
