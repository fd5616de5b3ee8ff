// Clocks, and the two limits of the machine that every benchmark is held against.
#pragma once
#include <stddef.h>

double now_seconds(void);  // monotonic; only differences mean anything
// Processor time of the calling thread: what other programs take meanwhile does not count.
double thread_seconds(void);

// Each measures for a moment (10 ms, 100 ms) and returns the best of several short
// runs, since noise from other programs only ever slows a run down.
//
// Fused multiply-adds on VEC_LANES reals, 2 operations each, no memory: on the calling
// thread, and the sum of `threads` threads that do so at the same time.
double fma_peak_gflops(void);
double fma_peak_gflops_of(int threads);
double copy_bandwidth_gbs(void);  // memcpy of 64 MB, bytes read plus bytes written
// Reading alone, by `threads` threads at the same time, each a piece of so many bytes.
double read_bandwidth_gbs(const void *at, size_t bytes, int threads);
