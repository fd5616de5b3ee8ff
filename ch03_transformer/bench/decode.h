// The speed of generation, a part of `make bench`: tokens a second of a 15M-parameter
// LLaMA (stories15M's shape, random weights), and the bytes a second at which its
// weights go by, beside what plain reading reaches.
#pragma once

void bench_decode(void);  // prints a table
