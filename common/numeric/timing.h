// Clocks, and the two limits of the machine that every benchmark is held against.
#pragma once

double now_seconds(void);  // monotonic; only differences mean anything

// Both measure on the calling thread for a moment (10 ms, 100 ms) and return the best
// of several short runs, since noise from other programs only ever slows a run down.
// fused multiply-adds on VEC_LANES reals, 2 operations each, no memory
double fma_peak_gflops(void);
double copy_bandwidth_gbs(void);  // memcpy of 64 MB, bytes read plus bytes written
