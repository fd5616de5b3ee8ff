// Whether other programs want the processors as well.
//
// Two threads that share out a product wait for each other at its end. If one of them
// is sent away because another program is to run, the other waits for as long as that
// takes, several milliseconds, for work of some 100 us. On a machine with other work
// one thread alone is faster than two.
//
//     alone        a thread is sent away a few times in a second
//     contested    after each slice of its time: every 2 to 10 ms of what it computes
//
// So the number of times, per second of processor time, tells which it is. Looking costs
// a microsecond, ten times a second. Results are the same bits for any number of threads,
// so that nothing but the time depends on it.
#pragma once
#include <stdbool.h>

// Not to be called inside a parallel region. False for ever where the environment says
// OMP_DYNAMIC=false ("as many threads as were asked for") or how idle threads wait.
bool processors_contested(void);
